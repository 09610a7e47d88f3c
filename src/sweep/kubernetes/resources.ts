import { posix } from 'node:path';
import { z } from 'zod';

/** What Kubernetes takes for names of namespaces and claims (RFC 1123: a label, and labels with dots between). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** Names and values of labels; a name may have a subdomain before it. */
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;

function isLabelName(name: string): boolean {
  const parts = name.split('/');
  const own = parts.at(-1) ?? '';
  return (
    own !== '' &&
    LABEL_VALUE.test(own) &&
    (parts.length === 1 || (parts.length === 2 && SUBDOMAIN.test(name.slice(0, -own.length - 1))))
  );
}

/** Where a volume may be in a container: colons have a meaning of their own, and the root is the image's. */
const mountPath = z
  .string()
  .regex(/^(?!\/+$)\/(?!(?:.*\/)?\.\.(?:\/|$))[^:\p{Cc}]+$/u, 'a path from the root, without ":" and ".."');

/** `resources.kubernetes` of a plan file: what Kubernetes would refuse is refused here. */
export const kubernetesSchema = z
  .strictObject({
    image: z.string().regex(/^[\w.:/@+-]+$/, 'the name of an image, as registry.example/probprec:1'),
    namespace: z.string().regex(LABEL, 'at most 63 small letters, digits and "-"').optional(),
    volumes: z
      .array(
        z.strictObject({
          claim: z.string().regex(SUBDOMAIN, 'small letters, digits, "-" and "."'),
          path: mountPath,
        }),
      )
      .min(1)
      .refine((volumes) => new Set(volumes.map(({ path }) => posix.join(path, '/'))).size === volumes.length, {
        error: 'a path of its own for each volume',
      }),
    folder: mountPath.optional(),
    program: z.string().min(1).default('probprec'),
    node_selector: z
      .record(
        z.string().refine(isLabelName, 'names of labels'),
        z.string().regex(LABEL_VALUE, 'at most 63 letters, digits, "-", "_" and "."'),
      )
      .optional(),
  })
  .transform(({ node_selector: nodeSelector, ...rest }) => ({ ...rest, nodeSelector }));

/** What only a Job of Kubernetes needs to know. */
export interface KubernetesResources {
  /** The container image, which has `program`. */
  readonly image: string;
  readonly namespace?: string | undefined;
  /** Claims of persistent volumes, and where they are in the container. */
  readonly volumes: readonly { readonly claim: string; readonly path: string }[];
  /** The folder of the plan in the container; by default the first volume. */
  readonly folder?: string | undefined;
  /** What starts our command in the container, as words of a shell. */
  readonly program: string;
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
}
