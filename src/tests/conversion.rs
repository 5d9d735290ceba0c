//! Layout conversion against the indices of the layouts.

use std::vec;
use std::vec::Vec;

use super::batch::LAYOUTS;
use super::oracle::array_index;
use super::support::levels;
use super::tolerance::Roundoff;
use crate::conversion::convert_layout_at;
use crate::isa::Level;
use crate::lanes::NEAR;
use crate::{Error, LMAX_INPUT, Layout, convert_layout, n_lm};

/// What stands behind an array and may not be overwritten.
const CANARY: f64 = -7.0;

/// Converts numbered elements, and checks where every one arrives.
fn elements_arrive<T: Roundoff>(
    level: Level,
    lmax: usize,
    n_channels: usize,
    n_samples: usize,
    [from, to]: [Layout; 2],
) {
    let len = n_samples * n_channels * n_lm(lmax);
    let x: Vec<T> = (0..len).map(|i| T::from_f64(i as f64)).collect();
    // Elements that are not a multiple of a vector off any alignment, and room behind.
    let mut out = vec![T::from_f64(CANARY); len + 1 + 32];
    let (inside, behind) = out[1..].split_at_mut(len);
    convert_layout_at(level, lmax, n_channels, n_samples, (from, &x), (to, inside)).unwrap();
    for sample in 0..n_samples {
        for channel in 0..n_channels {
            for (l, i) in (0..=lmax).flat_map(|l| (0..=2 * l).map(move |i| (l, i))) {
                let at = (sample, channel, l, i);
                let source = array_index(from, lmax, n_channels, at);
                let target = array_index(to, lmax, n_channels, at);
                assert!(
                    inside[target] == x[source],
                    "{level:?} {from:?} to {to:?}, lmax {lmax}, {n_channels} channels: {at:?}"
                );
            }
        }
    }
    assert!(behind.iter().all(|value| *value == T::from_f64(CANARY)) && out[0] == T::from_f64(CANARY));
}

/// All pairs of layouts on all levels, channels around the vector widths, degrees with every remainder of tiles.
fn every_element_arrives<T: Roundoff>() {
    for isa in levels() {
        let level = Level::up_to(Some(isa));
        for from_to in LAYOUTS.into_iter().flat_map(|from| LAYOUTS.map(|to| [from, to])) {
            for n_channels in [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33] {
                for lmax in [0, 1, 2, 3, 4, 5, 6, 8, 11] {
                    for n_samples in [0, 1, 3] {
                        elements_arrive::<T>(level, lmax, n_channels, n_samples, from_to);
                    }
                }
            }
            elements_arrive::<T>(level, 40, 5, 1, from_to);
            // Beyond what is taken to be near: small and large samples, rows longer and shorter than two cache lines.
            for (lmax, n_channels) in [(1, 129), (4, 13), (5, 37), (10, 64)] {
                let sample = n_channels * n_lm(lmax) * size_of::<T>();
                elements_arrive::<T>(level, lmax, n_channels, NEAR.div_ceil(sample) + 1, from_to);
            }
        }
    }
}

#[test]
fn every_element_arrives_f32() {
    every_element_arrives::<f32>();
}

#[test]
fn every_element_arrives_f64() {
    every_element_arrives::<f64>();
}

#[test]
fn bits_are_kept() {
    let bits: Vec<u32> = (0..9 * 20).map(|i| 0x7f80_0001 + 7919 * i).collect(); // signalling NaNs among them
    let x: Vec<f32> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
    for [from, to] in LAYOUTS.into_iter().flat_map(|from| LAYOUTS.map(|to| [from, to])) {
        let (mut there, mut back) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        convert_layout(2, 20, 1, (from, &x), (to, &mut there)).unwrap();
        convert_layout(2, 20, 1, (to, &there), (from, &mut back)).unwrap();
        assert!(back.iter().map(|x| x.to_bits()).eq(bits.iter().copied()), "{from:?} to {to:?}");
    }
}

#[test]
fn wrong_arguments_are_refused_and_nothing_is_written() {
    let convert = |lmax, n_channels, n_samples, x: usize, out: usize| {
        let (x, mut out) = (vec![1.0; x], vec![CANARY; out]);
        let arrays = ((Layout::LmChannel, &*x), (Layout::ChannelLm, &mut *out));
        let result = convert_layout(lmax, n_channels, n_samples, arrays.0, arrays.1);
        assert!(result.is_ok() || out.iter().all(|value| *value == CANARY));
        result
    };
    let mismatch = |array, expected, received| Err(Error::LengthMismatch { array, expected, received });
    assert_eq!(convert(1, 2, 3, 24, 24), Ok(()));
    assert_eq!(convert(1, 2, 3, 23, 24), mismatch("x", 24, 23));
    assert_eq!(convert(1, 2, 3, 24, 25), mismatch("out", 24, 25));
    assert_eq!(convert(LMAX_INPUT + 1, 2, 0, 0, 0), Err(Error::Unsupported));
    assert_eq!(convert(1, usize::MAX / 2, 1, 0, 0), Err(Error::Overflow));
    assert_eq!(convert(1, 2, usize::MAX / 4, 0, 0), Err(Error::Overflow));
}
