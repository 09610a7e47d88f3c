/**
 * 10^y and log₁₀ x, rounded to the nearest double. `Math.pow` and `Math.log10` may differ in the last bits from one
 * JavaScript engine to the next (V8 gives 10 ** -5 as 0.000009999999999999999), but the values of a grid are part of a
 * run's identity: a plan must mean the same runs everywhere, and the same numbers as NumPy's logspace with a good libm.
 * Computed in fixed-point integers with FRACTION bits behind the point.
 */
const FRACTION = 192n;
const ONE = 1n << FRACTION;
const LN2 = 2n * inverseTangent(ONE / 3n);
const LN10 = 3n * LN2 + 2n * inverseTangent(ONE / 9n);

/** 10^y for a finite y with |y| ≤ 300. */
export function powerOfTen(y: number): number {
  const exponent = (fixed(y) * LN10) >> FRACTION;
  const halvings = roundedQuotient(exponent, LN2);
  const remainder = exponent - halvings * LN2;
  let term = ONE;
  let sum = ONE;
  for (let k = 1n; term !== 0n; k++) {
    term = (term * remainder) / (k << FRACTION);
    sum += term;
  }
  return scaled(sum, Number(halvings) - Number(FRACTION));
}

/** log₁₀ x for a finite x > 0. */
export function logarithmOfTen(x: number): number {
  const { mantissa, exponent } = parts(x);
  const bits = BigInt(mantissa.toString(2).length - 1);
  const normalised = (mantissa << FRACTION) >> bits;
  const natural =
    2n * inverseTangent(((normalised - ONE) << FRACTION) / (normalised + ONE)) + (BigInt(exponent) + bits) * LN2;
  return scaled((natural << FRACTION) / LN10, -Number(FRACTION));
}

/** artanh z = z + z³/3 + z⁵/5 + …, for fixed-point 0 ≤ z ≤ 1/3. */
function inverseTangent(z: bigint): bigint {
  const square = (z * z) >> FRACTION;
  let power = z;
  let sum = z;
  for (let k = 3n; power !== 0n; k += 2n) {
    power = (power * square) >> FRACTION;
    sum += power / k;
  }
  return sum;
}

function fixed(value: number): bigint {
  if (value === 0) return 0n;
  const { mantissa, exponent } = parts(Math.abs(value));
  const shift = BigInt(exponent) + FRACTION;
  const magnitude = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return value < 0 ? -magnitude : magnitude;
}

/** x = mantissa · 2^exponent exactly, for a finite x > 0. */
function parts(x: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  const doubled = 2n * dividend + divisor;
  const quotient = doubled / (2n * divisor);
  return doubled < 0n && quotient * 2n * divisor !== doubled ? quotient - 1n : quotient;
}

/** value · 2^exponent; the conversion of a BigInt rounds to nearest, the scaling by powers of two is exact. */
function scaled(value: bigint, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return Number(value) * 2 ** half * 2 ** (exponent - half);
}
