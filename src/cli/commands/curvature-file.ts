import { FileError } from '../../errors.js';
import { type CurvatureReport, curvatureReportSchema } from '../../landscape/index.js';
import { expectedBy, pathText } from '../../zod-expectation.js';

/** What `probprec curvature --json` printed. Throws FileError for another file. */
export function curvatureReport(path: string, text: string): CurvatureReport {
  const expected = 'expected what probprec curvature --json prints';
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new FileError({ subject: path, what: 'not valid JSON', remedy: expected }, { cause: error });
  }
  const parsed = curvatureReportSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FileError({
    subject: `${path}: field ${pathText(issue)}`,
    what: `expected ${expectedBy(issue)}, as probprec curvature --json prints it`,
  });
}
