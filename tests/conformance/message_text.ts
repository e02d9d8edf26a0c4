/** Messages and events in one line each, so that a test says what it expects the way the RFCs do. */
import type { Message } from "../../host/codec.ts";
import { EVENT_KIND, type EventAction } from "../../host/boundary.gen.ts";
import { decodeObjects } from "../../host/object_list.ts";
import type { RsvpObject } from "../../host/objects.gen.ts";
import { amountText, descriptorsText, type Names, styleName } from "./notation.ts";

const find = (objects: readonly RsvpObject[], name: RsvpObject["name"]) =>
  objects.find((object) => object.name === name);

function errorText(object: RsvpObject | undefined): string {
  if (object?.name !== "ERROR_SPEC" || object.malformed !== undefined || !("errorCode" in object)) return "";
  const flags = (object.flags & 1 ? " InPlace" : "") + (object.flags & 2 ? " NotGuilty" : "");
  return ` ${object.errorCode}/0x${object.errorValue.toString(16).padStart(4, "0")}${flags}`;
}

function flowText(objects: readonly RsvpObject[], names: Names): string {
  const style = find(objects, "STYLE");
  if (style?.name !== "STYLE" || style.malformed !== undefined) return "";
  const name = styleName(style.optionVector);
  return ` ${name || "0x" + style.optionVector.toString(16)}(${descriptorsText(name, objects, names)})`;
}

/** `Resv SE((S2,S3){3B})`, `ResvErr 1/0x0002 InPlace WF(*{4B}) SCOPE[S1]`, `Path S1{2B}` and so on. */
export function messageText(message: Message, names: Names): string {
  const { objects } = message;
  const template = find(objects, "SENDER_TEMPLATE");
  const tspec = find(objects, "SENDER_TSPEC");
  const scope = find(objects, "SCOPE");
  const confirm = find(objects, "RESV_CONFIRM");
  let text = message.message + errorText(find(objects, "ERROR_SPEC")) + flowText(objects, names);
  if (template) text += ` ${names.senderOf(template)}`;
  if (tspec && message.message === "Path") text += `{${amountText(tspec)}}`;
  if (scope?.name === "SCOPE" && "sourceAddresses" in scope) {
    text += ` SCOPE[${scope.sourceAddresses?.map((address) => names.node(address)).join(",")}]`;
  }
  if (confirm?.name === "RESV_CONFIRM" && "receiverAddress" in confirm) {
    text += ` CONFIRM(${names.node(confirm.receiverAddress ?? "")})`;
  }
  return text;
}

const EVENT_NAMES = Object.fromEntries(Object.entries(EVENT_KIND).map(([name, kind]) => [kind, name]));

/** `1: RESV_EVENT FF(S1{4B})`, `2: PATH_EVENT S1 gone`. The number is the application's. */
export function eventText(event: EventAction, names: Names): string {
  const objects = event.objects.length > 0 ? decodeObjects(event.objects) : [];
  const style = styleName(event.style);
  const template = find(objects, "SENDER_TEMPLATE");
  let text = `${event.application}: ${EVENT_NAMES[event.event]}`;
  if (event.event === EVENT_KIND.CALL_ERROR) return `${text} ${event.errorValue}`;
  if (event.event === EVENT_KIND.PATH_ERROR || event.event === EVENT_KIND.RESV_ERROR) {
    const flags = (event.errorFlags & 1 ? " InPlace" : "") + (event.errorFlags & 2 ? " NotGuilty" : "");
    text += ` ${event.errorCode}/0x${event.errorValue.toString(16).padStart(4, "0")}${flags}`;
  }
  if (style) text += ` ${style}(${descriptorsText(style, objects, names)})`;
  if (template) text += ` ${names.senderOf(template)}`;
  return event.gone ? `${text} gone` : text;
}
