/** Which proxy a request goes through, by the variables that undici's EnvHttpProxyAgent reads. Pure. */
import { isLoopback } from './loopback.js';

/**
 * The proxy for an https URL: `https_proxy`, else `HTTPS_PROXY`; none for loopback and for what `no_proxy` or `NO_PROXY` lists
 * (`*`, host names with their subdomains, each with an optional port).
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): string | undefined {
  const proxy = env.https_proxy ?? env.HTTPS_PROXY ?? '';
  if (proxy === '' || isLoopback(url.hostname)) return undefined;
  return isExcluded(url, env.no_proxy ?? env.NO_PROXY ?? '') ? undefined : proxy;
}

function isExcluded(url: URL, list: string): boolean {
  if (list.trim() === '*') return true;
  const host = url.hostname.toLowerCase();
  const port = url.port === '' ? '443' : url.port;
  return list
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, name = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (entryPort !== undefined && entryPort !== port) return false;
      const bare = name.replace(/^\*?\./, '');
      return host === bare || host.endsWith(`.${bare}`);
    });
}
