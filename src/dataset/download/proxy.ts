import { BlockList, isIP } from 'node:net';
import { DataError } from '../../errors.js';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A proxy, and the variable that names it. */
export interface HttpProxy {
  readonly url: URL;
  readonly variable: string;
}

/**
 * The proxy for a URL, by the variables that curl, wget, pip and npm know too: `http_proxy` or `https_proxy` by the URL's
 * scheme, else `all_proxy`, unless `no_proxy` excludes the host; each also in capitals, the small letters first. Null
 * without one. Throws DataError for a value that names no HTTP proxy.
 */
export function proxyFor(url: URL, environment: Environment): HttpProxy | null {
  const scheme = url.protocol.replace(/:$/, '');
  const found = variable(environment, `${scheme}_proxy`) ?? variable(environment, 'all_proxy');
  if (found === null || isExcluded(url, variable(environment, 'no_proxy')?.value ?? '')) return null;
  const text = found.value.includes('://') ? found.value : `http://${found.value}`;
  if (URL.canParse(text)) {
    const proxy = new URL(text);
    if ((proxy.protocol === 'http:' || proxy.protocol === 'https:') && proxy.hostname !== '') {
      return { url: proxy, variable: found.name };
    }
  }
  throw new DataError({
    subject: found.name,
    found: JSON.stringify(hideLogin(found.value)),
    expected: 'http://host:port',
  });
}

/** A user name and password do not belong in messages. */
function hideLogin(text: string): string {
  return text.replace(/[^/]*@/, '…@');
}

function variable(environment: Environment, name: string): { readonly name: string; readonly value: string } | null {
  for (const spelling of [name, name.toUpperCase()]) {
    const value = environment[spelling]?.trim();
    if (value !== undefined && value !== '') return { name: spelling, value };
  }
  return null;
}

/**
 * Whether a list excludes a URL's host: entries are separated by commas or spaces; `*` is every host, `example.org`,
 * `.example.org` and `*.example.org` the host and all below it, `10.0.0.0/8` a range of addresses; a port may follow.
 */
function isExcluded(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInRange(entry, host);
  const [, name = '', ownPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [null, entry];
  if (ownPort !== undefined && ownPort !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '').replace(/^\*?\.|\.$/g, '');
  return bare !== '' && (host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`)));
}

function isInRange(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const range = new BlockList();
  range.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return range.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
