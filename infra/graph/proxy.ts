/** Which proxy a request goes through, by the variables that undici's EnvHttpProxyAgent reads. Pure. */

/** Whether a host name is this machine (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3). */
export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}

/**
 * The proxy for an https URL: `https_proxy`, else `HTTPS_PROXY`; none for loopback and for what `no_proxy` or `NO_PROXY` lists
 * (`*`, host names with their subdomains, each with an optional port).
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): string | undefined {
  const proxy = env.https_proxy ?? env.HTTPS_PROXY ?? '';
  if (proxy === '' || isLoopbackHost(url.hostname)) return undefined;
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
