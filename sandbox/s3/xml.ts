import { XMLBuilder, XMLParser } from "fast-xml-parser";

/** The namespace of S3's result documents. */
export const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** What an XML element can hold here. An undefined element is left out, an array repeats its element. */
export type XmlContent =
  | string
  | undefined
  | { readonly [element: string]: XmlContent }
  | readonly XmlContent[];

const builder = new XMLBuilder({ ignoreAttributes: false });
const parser = new XMLParser({ parseTagValue: false, trimValues: false, isArray: (name) => name === "Tag" });

/** An XML document with one root element. */
export function buildXml(root: Readonly<Record<string, XmlContent>>): string {
  const declaration = { "@_version": "1.0", "@_encoding": "UTF-8" };
  return builder.build({ "?xml": declaration, ...root }).replaceAll(UNSAFE, toReference);
}

/**
 * Reads an XML document into plain objects with text as strings.
 *
 * @throws when it is not well-formed.
 */
export function parseXml(xml: string): unknown {
  return parser.parse(xml, true);
}

/**
 * Characters that an XML reader would change (line ends) or trip over (controls). A key may hold any of them, and S3
 * writes them as references; the builder puts none in by itself.
 */
const UNSAFE = /[\p{Cc}\ufffe\uffff]/gu;

function toReference(character: string): string {
  return `&#x${character.charCodeAt(0).toString(16)};`;
}
