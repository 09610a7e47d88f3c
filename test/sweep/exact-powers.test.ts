import { describe, expect, test } from 'vitest';
import { logarithmOfTen, powerOfTen } from '../../src/sweep/exact-powers.js';

describe('powers of ten', () => {
  // Python: float(Decimal(10) ** Decimal(y)) with 80 digits.
  test.each([
    [-4.631578947368421, 2.3357214690901213e-5],
    [0.5, 3.1622776601683795],
    [-299.75, 1.7782794100389227e-300],
    [299.1, 1.258925411794233e299],
    [1e-17, 1],
    [-0.0001, 0.9997697679981565],
    [0.3010299956639812, 2],
  ])('10^%d', (y, power) => expect(powerOfTen(y)).toBe(power));

  // Python: float(Decimal(x).log10()) with 80 digits.
  test.each([
    [2, 0.3010299956639812],
    [0.3, -0.5228787452803376],
    [1.0000000000000002, 9.64327466553287e-17],
    [0.9999999999999999, -4.821637332766436e-17],
    [123456.789, 5.09151497716927],
    [5e-324, -323.3062153431158],
    [Number.MAX_VALUE, 308.25471555991675],
  ])('log10 %d', (x, logarithm) => expect(logarithmOfTen(x)).toBe(logarithm));

  test('whole exponents give what a literal gives, and back', () => {
    for (let n = -300; n <= 300; n++) {
      expect(powerOfTen(n)).toBe(Number(`1e${n}`));
      expect(logarithmOfTen(Number(`1e${n}`))).toBe(n);
    }
  });
});
