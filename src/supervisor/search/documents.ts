import type { BodyKind } from "../../content/places.js";
import type { DocumentKind, IndexedDocument, SessionRow } from "../../search/messages.js";
import { textOf, textOfContent } from "../../search/textOf.js";
import type { Session } from "../../session/state.js";
import type { Bodies } from "../bodies.js";
import type { ActivityBody, BodyTypes, MessageBody } from "../bodyOf.js";
import type { BodyCursor, BodyPage, PageOptions } from "../bodyPage.js";

/** Where the bodies of each indexed kind are. */
export const BODIES_OF = { message: "conversation", activity: "activities" } as const satisfies Record<
  DocumentKind,
  BodyKind
>;

/** A page of bodies as they are indexed. What is damaged cannot be read, so it cannot be found either. */
export interface DocumentPage {
  readonly documents: readonly IndexedDocument[];
  readonly next: BodyCursor | undefined;
}

/** Reads a page of a session's bodies of one kind. */
export async function readDocuments(
  bodies: Pick<Bodies, "read">,
  session: Session,
  kind: DocumentKind,
  options: PageOptions,
): Promise<DocumentPage> {
  const { createdSeq } = session;
  return kind === "message"
    ? pageOf(await bodies.read(session, BODIES_OF.message, options), (body) =>
        messageDocument(createdSeq, body),
      )
    : pageOf(await bodies.read(session, BODIES_OF.activity, options), (body) =>
        activityDocument(createdSeq, body),
      );
}

/** A session as it is indexed: found by its name, what it is for, its tags and its metadata. */
export function sessionRow(session: Session): SessionRow {
  const { createdSeq, sessionId, userId, tags, createdAt, conversation, activities } = session;
  const { name, purpose, description, metadata } = session;
  return {
    createdSeq,
    sessionId,
    userId,
    tags,
    hidden: conversation.hidden,
    createdAt,
    text: textOf([name, purpose, description, tags, Object.entries(metadata)]),
    counts: { message: conversation.appended, activity: activities },
  };
}

function pageOf<Body extends BodyTypes[BodyKind]>(
  { items, next }: BodyPage<Body>,
  documentOf: (body: Body) => IndexedDocument,
): DocumentPage {
  return { documents: items.flatMap((item) => ("damaged" in item ? [] : [documentOf(item)])), next };
}

function messageDocument(createdSeq: number, body: MessageBody): IndexedDocument {
  const { seq, at, index: place, messageId, role, content, toolName } = body;
  const said = textOfContent(content);
  const text = toolName === undefined ? said : `${toolName}\n${said}`;
  return { createdSeq, kind: "message", seq, at, place, messageId, role, text };
}

function activityDocument(createdSeq: number, { seq, at, action, details }: ActivityBody): IndexedDocument {
  return { createdSeq, kind: "activity", seq, at, text: textOf([action, details]) };
}
