/** HTTPS requests, one by one: a test puts a recorder around them. */
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export type Transport = (request: HttpRequest) => Promise<HttpResponse>;

/** @param trust certificates of authorities in PEM that are trusted besides Node's own */
export function httpsTransport(trust: string | undefined): Transport {
  const agent = new Agent({
    keepAlive: true,
    minVersion: 'TLSv1.2',
    ...(trust === undefined ? {} : { ca: [...rootCertificates, trust] }),
  });
  return (request) =>
    new Promise((resolve, reject) => {
      const sent = httpsRequest(
        request.url,
        { method: request.method, headers: { ...request.headers }, agent, signal: request.signal },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              statusText: response.statusMessage ?? '',
              headers: Object.fromEntries(
                Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
              ),
              body: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      sent.on('error', (error) => reject(request.signal.aborted ? request.signal.reason : error));
      sent.end(request.body);
    });
}

/**
 * The file that SSL_CERT_FILE names, as Go reads it (crypto/x509 root_unix.go).
 *
 * @throws Error when it cannot be read
 */
export function readTrust(file: string | undefined): string | undefined {
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`SSL_CERT_FILE: ${(error as Error).message}`);
  }
}
