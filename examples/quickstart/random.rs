//! Reproducible random numbers and rotations.

use std::f64::consts::TAU;

/// `SplitMix64` (Steele, Lea & Flood, 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A rotation, uniform over all rotations: a uniform unit quaternion (Shoemake, Graphics Gems III, 1992).
    pub(crate) fn rotation(&mut self) -> Rotation {
        let [u, v, w] = [self.uniform(), TAU * self.uniform(), TAU * self.uniform()];
        let (a, b) = ((1.0 - u).sqrt(), u.sqrt());
        let [x, y, z, r] = [a * v.sin(), a * v.cos(), b * w.sin(), b * w.cos()];
        Rotation([
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - z * r), 2.0 * (x * z + y * r)],
            [2.0 * (x * y + z * r), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - x * r)],
            [2.0 * (x * z - y * r), 2.0 * (y * z + x * r), 1.0 - 2.0 * (x * x + y * y)],
        ])
    }
}

/// A rotation matrix.
pub(crate) struct Rotation([[f64; 3]; 3]);

impl Rotation {
    pub(crate) const IDENTITY: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);

    pub(crate) fn apply(&self, vector: [f64; 3]) -> [f64; 3] {
        self.0.map(|row| crate::xyz::dot(row, vector))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_proper_and_reach_everywhere() {
        let mut random = Random::new(7);
        let mut mean = [0.0; 3];
        for _ in 0..1000 {
            let rotation = random.rotation();
            let [a, b, c] = rotation.0;
            let near = |x: f64, y: f64| assert!((x - y).abs() < 8.0 * f64::EPSILON, "{x} {y}");
            let dot = crate::xyz::dot;
            for (product, expected) in [
                (dot(a, a), 1.0),
                (dot(b, b), 1.0),
                (dot(c, c), 1.0),
                (dot(a, b), 0.0),
                (dot(b, c), 0.0),
                (dot(c, a), 0.0),
            ] {
                near(product, expected);
            }
            let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
            near(dot(cross, c), 1.0);
            let image = rotation.apply([0.0, 0.0, 1.0]);
            mean = [0, 1, 2].map(|axis| mean[axis] + image[axis] / 1000.0);
        }
        // Standard deviation 1/√3000 = 0.018.
        assert!(mean.iter().all(|x| x.abs() < 0.08), "{mean:?}");
    }
}
