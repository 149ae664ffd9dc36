/**
 * Messages to bytes without a detour that long texts cannot afford.
 *
 * google-protobuf puts the bytes of texts into ordinary arrays of numbers, one by one: a text of ten megabytes, such as the former
 * rights of half a million calendars, takes a quarter of a gigabyte on its way. A text and its bytes look the same on the wire
 * (protobuf.dev/programming-guides/encoding: both are length-delimited), and bytes it copies in one piece.
 */
import type * as grpc from '@grpc/grpc-js';
import jspb, { type BinaryWriter, type Message } from 'google-protobuf';

/** Shorter texts are left to the library. */
const LONG_TEXT = 1 << 16;

/** A class of messages that the protocol's compiler made. */
interface MessageClass {
  serializeBinaryToWriter(message: Message, writer: BinaryWriter): void;
}

/** The message as `serializeBinary` gives it. */
export function serialize(message: Message): Buffer {
  const writer: BinaryWriter = new jspb.BinaryWriter();
  const writeText = writer.writeString.bind(writer);
  writer.writeString = (field, text) => {
    if (text === undefined || text.length < LONG_TEXT) writeText(field, text);
    else writer.writeBytes(field, Buffer.from(text));
  };
  (message.constructor as unknown as MessageClass).serializeBinaryToWriter(message, writer);
  const bytes = writer.getResultBuffer();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The service with all answers made by {@link serialize}. */
export function withLongTexts<Service extends grpc.ServiceDefinition>(service: Service): Service {
  const methods = Object.entries(service).map(([name, method]) => [
    name,
    { ...method, responseSerialize: serialize },
  ]);
  return Object.fromEntries(methods) as Service;
}
