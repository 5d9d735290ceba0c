//! Weights, normalisation and broadcasting: each against the plain product of arrays prepared by hand.

use std::vec;
use std::vec::Vec;

use super::oracle::array_index;
use super::support::{Random, execute, levels, terms};
use super::tolerance::{Roundoff, Terms, roundings};
use crate::{Broadcast, Engine, Layout, Normalization, PlanDesc, WeightKind, Weights, n_lm, reference};

const LAYOUTS: [Layout; 3] = [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks];
const SAMPLES: usize = 3;
const CHANNELS: usize = 6;

/// The factor of weights and normalisation on degree `l` of a channel, in `f64`.
fn factor<T: Roundoff>(kind: WeightKind, weights: &[T], l: usize, channel: usize) -> f64 {
    match kind {
        WeightKind::None => 1.0,
        WeightKind::Shared => weights[l].to_f64(),
        WeightKind::PerChannel => weights[l * CHANNELS + channel].to_f64(),
    }
}

/// The factor from orthonormal harmonics to a normalisation.
fn harmonic_factor(normalization: Normalization, l: usize) -> f64 {
    let four_pi = 4.0 * core::f64::consts::PI;
    match normalization {
        Normalization::Integral => 1.0,
        Normalization::Component => four_pi.sqrt(),
        Normalization::Norm => (four_pi / (2 * l + 1) as f64).sqrt(),
    }
}

/// Executes a description with random operands and weights and compares with the reference.
fn check<T: Roundoff>(desc: &PlanDesc) {
    let degrees @ [l1, l2, l3] = [desc.lmax1, desc.lmax2, desc.lmax3];
    let lengths = desc.lengths(SAMPLES).unwrap();
    let mut random = Random(23);
    let (x1, x2) = (random.values::<T>(lengths.x1), random.values::<T>(lengths.x2));
    let weights = [lengths.weights1, lengths.weights2, lengths.weights3].map(|n| random.values::<T>(n));
    let [weights1, weights2, weights3] = &weights;
    let out = execute(desc, SAMPLES, &x1, &x2, &Weights { weights1, weights2, weights3 });

    let terms = terms(reference::gaunt_coefficient, degrees);
    let sums = Terms::new(desc.engine, degrees);
    for (sample, channel) in (0..SAMPLES).flat_map(|s| (0..CHANNELS).map(move |c| (s, c))) {
        // The operand as a function: broadcast, normalised, weighted.
        let operand = |x: &[T], lmax: usize, broadcast, kind, weights: &[T]| -> Vec<f64> {
            let (over_channels, over_samples) = match broadcast {
                Broadcast::None => (false, false),
                Broadcast::Channels => (true, false),
                Broadcast::Samples => (false, true),
                Broadcast::Both => (true, true),
            };
            let (stored, c) = if over_channels { (1, 0) } else { (CHANNELS, channel) };
            let s = if over_samples { 0 } else { sample };
            let coefficients = (0..=lmax).flat_map(|l| (0..=2 * l).map(move |i| (l, i)));
            let value = |(l, i)| {
                let scale = factor(kind, weights, l, channel) * harmonic_factor(desc.normalization, l);
                x[array_index(desc.layout, lmax, stored, (s, c, l, i))].to_f64() * scale
            };
            coefficients.map(value).collect()
        };
        let a = operand(&x1, l1, desc.broadcast1, desc.weights1, weights1);
        let b = operand(&x2, l2, desc.broadcast2, desc.weights2, weights2);
        let mut expected = vec![0.0; n_lm(l3)];
        terms.iter().for_each(|&(i, j, k, g)| expected[k] += g * a[i] * b[j]);
        let sums = sums.sums(&a, &b);
        let unit = roundings(desc.engine, degrees) as f64 * T::UNIT;
        for (l, i) in (0..=l3).flat_map(|l| (0..=2 * l).map(move |i| (l, i))) {
            let scale = factor(desc.weights3, weights3, l, channel) / harmonic_factor(desc.normalization, l);
            let value = out[array_index(desc.layout, l3, CHANNELS, (sample, channel, l, i))].to_f64();
            let k = l * l + i;
            let (error, bound) = ((value - expected[k] * scale).abs(), unit * sums[k] * scale.abs());
            assert!(
                error <= bound,
                "{desc:?} ({sample}, {channel}) l = {l}: error {error:.1e} > bound {bound:.1e}"
            );
        }
    }
}

/// Every engine, all levels and layouts, both element types, of a modified description.
fn check_everywhere(modify: impl Fn(&mut PlanDesc)) {
    for isa in levels() {
        for (engine, [l1, l2, l3]) in [
            (Engine::Direct, [3, 2, 4]),
            (Engine::Grid, [3, 2, 4]),
            (Engine::Grid, [5, 4, 6]),
            (Engine::Grid, [5, 5, 5]),
            (Engine::Grid, [6, 12, 6]),
            (Engine::Fourier, [3, 2, 4]),
            (Engine::Fourier, [5, 4, 6]),
        ] {
            for layout in LAYOUTS {
                let mut desc = PlanDesc::product(l1, l2, l3);
                (desc.engine, desc.isa, desc.layout, desc.n_channels) = (engine, Some(isa), layout, CHANNELS);
                modify(&mut desc);
                check::<f32>(&desc);
                check::<f64>(&desc);
            }
        }
    }
}

#[test]
fn weights() {
    const KINDS: [WeightKind; 3] = [WeightKind::None, WeightKind::Shared, WeightKind::PerChannel];
    for kinds in
        KINDS.into_iter().flat_map(|a| KINDS.into_iter().flat_map(move |b| KINDS.map(move |c| (a, b, c))))
    {
        check_everywhere(|desc| (desc.weights1, desc.weights2, desc.weights3) = kinds);
    }
}

#[test]
fn normalizations() {
    for normalization in [Normalization::Component, Normalization::Norm] {
        check_everywhere(|desc| desc.normalization = normalization);
        check_everywhere(|desc| {
            desc.normalization = normalization;
            (desc.weights1, desc.weights3) = (WeightKind::PerChannel, WeightKind::Shared);
        });
    }
}

#[test]
fn broadcasts() {
    const ALL: [Broadcast; 4] = [Broadcast::None, Broadcast::Channels, Broadcast::Samples, Broadcast::Both];
    for (first, second) in ALL.into_iter().flat_map(|a| ALL.map(move |b| (a, b))) {
        check_everywhere(|desc| (desc.broadcast1, desc.broadcast2) = (first, second));
    }
    // A filter shared by all channels, with radial weights per channel.
    check_everywhere(|desc| (desc.broadcast2, desc.weights2) = (Broadcast::Channels, WeightKind::PerChannel));
}
