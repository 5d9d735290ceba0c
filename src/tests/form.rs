//! The trilinear form `E = ⟨v, out⟩` of a description by the reference, whatever is broadcast, weighted, laid out: its
//! derivatives, with bounds of the error that an engine may make.

use std::vec;
use std::vec::Vec;

use super::oracle::array_index;
use super::support::{Random, terms};
use super::tolerance::{Roundoff, Terms, bracket_roundings, derivative_roundings, terms_bound};
use crate::reference::{bracket_coefficient, gaunt_coefficient};
use crate::tables::gaunt::LMAX_DIRECT;
use crate::{
    Broadcast, Engine, Normalization, Operation, Parts, PlanDesc, Tangents, WeightKind, Weights, n_lm,
};

/// What `E` depends on: two operands and what its output is contracted with, and the weights of each.
#[derive(Clone)]
pub(super) struct Arguments {
    pub(super) functions: [Vec<f64>; 3],
    pub(super) weights: [Vec<f64>; 3],
}

impl Arguments {
    pub(super) fn random(desc: &PlanDesc, n_samples: usize, random: &mut Random) -> Self {
        let lengths = desc.lengths(n_samples).unwrap();
        Self {
            functions: [lengths.x1, lengths.x2, lengths.out].map(|n| random.values(n)),
            weights: [lengths.weights1, lengths.weights2, lengths.weights3].map(|n| random.values(n)),
        }
    }

    pub(super) fn operands(&self) -> [&[f64]; 2] {
        [&self.functions[0], &self.functions[1]]
    }

    pub(super) fn weights(&self) -> Weights<'_, f64> {
        let [weights1, weights2, weights3] = &self.weights;
        Weights { weights1, weights2, weights3 }
    }

    /// As tangents: all, or one of [`Self::differentiable`].
    pub(super) fn tangents(&self, only: Option<usize>) -> Tangents<'_, f64> {
        let [x1, x2, _] = &self.functions;
        let [weights1, weights2, weights3] = &self.weights;
        let mut all = [x1, x2, weights1, weights2, weights3].map(|x| Some(&x[..]));
        for (i, tangent) in all.iter_mut().enumerate() {
            *tangent = tangent.filter(|_| only.is_none_or(|only| only == i));
        }
        let [x1, x2, weights1, weights2, weights3] = all;
        Tangents { x1, x2, weights1, weights2, weights3 }
    }

    /// Operands, then weights: what has a gradient.
    pub(super) fn differentiable(&mut self, i: usize) -> &mut Vec<f64> {
        if i < 2 { &mut self.functions[i] } else { &mut self.weights[i - 2] }
    }
}

/// A number that an engine computes, and the bound of its error there.
#[derive(Clone, Copy, Default)]
pub(super) struct Expected {
    pub(super) value: f64,
    pub(super) bound: f64,
    /// Of the terms that are added up to it, in absolute values, and how many there are.
    magnitude: f64,
    count: usize,
}

impl Expected {
    fn add(&mut self, factor: f64, (value, bound): (f64, f64)) {
        self.value += factor * value;
        self.magnitude += (factor * value).abs();
        self.bound += factor.abs() * bound;
        self.count += 1;
    }

    /// With the roundings of the sum, here and in the library.
    fn finish(&mut self) {
        self.bound += 2.0 * self.count as f64 * f64::UNIT * self.magnitude;
    }

    pub(super) fn covers(&self, actual: f64) -> bool {
        (actual - self.value).abs() <= self.bound
    }
}

/// Of a contraction with numbers that an engine computes: the sum of absolute terms times their number is the bound of its
/// roundings.
pub(super) fn contraction_bound(x: &[f64], expected: &[Expected]) -> f64 {
    let terms = x.iter().zip(expected);
    let rounding = x.len() as f64 * f64::UNIT;
    terms.map(|(x, y)| x.abs() * (y.bound + rounding * (y.value.abs() + y.bound))).sum()
}

/// Its derivatives by what it depends on.
pub(super) struct Derivatives {
    pub(super) functions: [Vec<Expected>; 3],
    pub(super) weights: [Vec<Expected>; 3],
}

impl Derivatives {
    pub(super) fn differentiable(&self, i: usize) -> &[Expected] {
        if i < 2 { &self.functions[i] } else { &self.weights[i - 2] }
    }
}

pub(super) struct Form {
    desc: PlanDesc,
    /// Of product and bracket.
    terms: [Vec<(usize, usize, usize, f64)>; 2],
    /// What the fourier engine adds up, for operands of all degrees; other engines have a closed form for products.
    product_sums: Option<Terms>,
    bracket_sums: Terms,
}

impl Form {
    pub(super) fn new(desc: &PlanDesc) -> Self {
        let degrees = [desc.lmax1, desc.lmax2, desc.lmax3];
        let lmax = degrees.into_iter().max().unwrap();
        let any = [lmax, lmax, 0];
        Self {
            desc: *desc,
            terms: [terms(gaunt_coefficient, degrees), terms(bracket_coefficient, degrees)],
            product_sums: (desc.engine == Engine::Fourier).then(|| Terms::new(desc.engine, any)),
            bracket_sums: Terms::of_bracket(
                if desc.engine == Engine::Fourier { desc.engine } else { Engine::Grid },
                any,
            ),
        }
    }

    /// What an engine adds up for any coefficient of the product or bracket of two functions, in absolute values.
    fn sum(&self, bracket: bool, f: &[f64], g: &[f64]) -> f64 {
        match &self.product_sums {
            _ if bracket => self.bracket_sums.sums(f, g)[0],
            Some(sums) => sums.sums(f, g)[0],
            None => terms_bound(f, g),
        }
    }

    /// Roundings of the coefficients of a function's derivative; those of up to four terms are added up.
    fn roundings(&self, slot: usize) -> f64 {
        let degrees = [self.desc.lmax1, self.desc.lmax2, self.desc.lmax3];
        let engines = match self.desc.engine {
            Engine::Direct if degrees[2] > LMAX_DIRECT => [Engine::Direct, Engine::Grid],
            Engine::Auto => [Engine::Direct, Engine::Grid],
            engine => [engine; 2],
        };
        let turned = [1, 2, 3].map(|i| degrees[(slot + i) % 3]);
        let of = |engine| bracket_roundings(engine, turned).max(derivative_roundings(engine, turned));
        (engines.map(of).into_iter().max().unwrap() + 3) as f64
    }

    fn n_parts(&self, slot: usize) -> usize {
        let desc = &self.desc;
        let both = [desc.parts1 == Parts::Both, desc.parts2 == Parts::Both, true][slot];
        if desc.operation == Operation::ProductAndBracket && both { 2 } else { 1 }
    }

    /// Where a part of a function of a (sample, channel) is, coefficient by coefficient in flat order: its index, that of its
    /// weight, and the factor of the normalisation.
    fn elements(&self, slot: usize, part: usize, at: (usize, usize)) -> Vec<(usize, Option<usize>, f64)> {
        let desc = &self.desc;
        let lmax = [desc.lmax1, desc.lmax2, desc.lmax3][slot];
        let (over_channels, over_samples) = match [desc.broadcast1, desc.broadcast2, Broadcast::None][slot] {
            Broadcast::None => (false, false),
            Broadcast::Channels => (true, false),
            Broadcast::Samples => (false, true),
            Broadcast::Both => (true, true),
        };
        let (stored, channel) = if over_channels { (1, 0) } else { (desc.n_channels, at.1) };
        let sample = if over_samples { 0 } else { at.0 };
        let start = (self.n_parts(slot) * sample + part) * stored * n_lm(lmax);
        let of = |l: usize, i: usize| {
            let weight = match [desc.weights1, desc.weights2, desc.weights3][slot] {
                WeightKind::None => None,
                WeightKind::Shared => Some(l),
                WeightKind::PerChannel => Some(l * desc.n_channels + at.1),
            };
            let four_pi = 4.0 * core::f64::consts::PI;
            let factor = match desc.normalization {
                Normalization::Integral => 1.0,
                Normalization::Component => four_pi.sqrt(),
                Normalization::Norm => (four_pi / (2 * l + 1) as f64).sqrt(),
            };
            let factor = if slot == 2 { 1.0 / factor } else { factor };
            (start + array_index(desc.layout, lmax, stored, (0, channel, l, i)), weight, factor)
        };
        (0..=lmax).flat_map(|l| (0..=2 * l).map(move |i| (l, i))).map(|(l, i)| of(l, i)).collect()
    }

    pub(super) fn derivatives(&self, n_samples: usize, arguments: &Arguments) -> Derivatives {
        let zero = |x: &Vec<f64>| vec![Expected::default(); x.len()];
        let mut derivatives = Derivatives {
            functions: arguments.functions.each_ref().map(zero),
            weights: arguments.weights.each_ref().map(zero),
        };
        let units = [0, 1, 2].map(|slot| self.roundings(slot) * f64::UNIT);
        for at in (0..n_samples).flat_map(|s| (0..self.desc.n_channels).map(move |c| (s, c))) {
            for parts in self.parts() {
                let bracket = match self.desc.operation {
                    Operation::Product => false,
                    Operation::Bracket => true,
                    Operation::ProductAndBracket => parts.iter().sum::<usize>() % 2 == 1,
                };
                let elements = [0, 1, 2].map(|slot| self.elements(slot, parts[slot], at));
                let weight =
                    |slot: usize, index: Option<usize>| index.map_or(1.0, |i| arguments.weights[slot][i]);
                let functions = [0, 1, 2].map(|slot| -> Vec<f64> {
                    let value = |&(i, w, factor)| arguments.functions[slot][i] * weight(slot, w) * factor;
                    elements[slot].iter().map(value).collect()
                });
                let mut values = functions.each_ref().map(|f| vec![0.0; f.len()]);
                for &(i, j, k, c) in &self.terms[usize::from(bracket)] {
                    let [f, g, h] = [functions[0][i], functions[1][j], functions[2][k]];
                    values[0][i] += c * g * h;
                    values[1][j] += c * h * f;
                    values[2][k] += c * f * g;
                }
                for slot in 0..3 {
                    let (f, g) = (&functions[(slot + 1) % 3], &functions[(slot + 2) % 3]);
                    let bound = units[slot] * self.sum(bracket, f, g);
                    for (&(i, w, factor), value) in elements[slot].iter().zip(&values[slot]) {
                        derivatives.functions[slot][i].add(weight(slot, w) * factor, (*value, bound));
                        if let Some(w) = w {
                            derivatives.weights[slot][w]
                                .add(arguments.functions[slot][i] * factor, (*value, bound));
                        }
                    }
                }
            }
        }
        let Derivatives { functions, weights } = &mut derivatives;
        functions.iter_mut().chain(weights).flatten().for_each(Expected::finish);
        derivatives
    }

    /// All combinations of parts.
    fn parts(&self) -> Vec<[usize; 3]> {
        let n = [0, 1, 2].map(|slot| self.n_parts(slot));
        let pairs = (0..n[0]).flat_map(|a| (0..n[1]).map(move |b| (a, b)));
        pairs.flat_map(|(a, b)| (0..n[2]).map(move |c| [a, b, c])).collect()
    }
}
