//! Gaunt tensor products on CPUs: the product of functions on the sphere that are given by their real
//! spherical-harmonic coefficients, exact up to rounding, with explicit SIMD, without allocation and without `std`.
//!
//! ```text
//! z_l3m3 = Σ G(l1,m1; l2,m2; l3,m3) x_l1m1 y_l2m2        G = ∫ Y_l1m1 Y_l2m2 Y_l3m3 dΩ
//! ```
//!
//! and its companion for the odd paths, the bracket `r̂·(∇f × ∇g)`; derivatives of both; harmonics and rotations.
//!
//! Describe the product ([`PlanDesc`]), make a [`Plan`], execute it on as many batches as you like:
//!
//! ```
//! use gaunt::{CacheLine, Plan, PlanDesc, Weights, flat_index};
//!
//! # fn main() -> Result<(), gaunt::Error> {
//! // z · z, the square of Y_10, up to degree 2.
//! let desc = PlanDesc::product(1, 1, 2);
//! let plan = Plan::<f64>::new(&desc, &mut [])?; // degrees to 12: no memory for tables
//! let z = [0.0, 0.0, 1.0, 0.0];
//! let mut square = [0.0; 9];
//! let mut workspace = vec![CacheLine::ZERO; plan.workspace_len()];
//! plan.execute(1, &z, &z, &Weights::default(), &mut square, &mut workspace)?;
//! assert!((square[flat_index(0, 0)] - 0.28209479177387814).abs() < 1e-15);
//! assert!((square[flat_index(2, 0)] - 0.25231325220201600).abs() < 1e-15);
//! # Ok(())
//! # }
//! ```
//!
//! What coefficients mean, how arrays lie in memory, which bits are promised: [`conventions`]. The same from C, C++,
//! Fortran and Julia: [`ffi`] and `include/gaunt.h`.
//!
//! # How it works, and where
//!
//! One SIMD lane is one (sample, channel). Read the sources in this order:
//!
//! | module | answers |
//! | --- | --- |
//! | `index`, `layout`, `error` | how coefficients are counted, where they lie, what can go wrong |
//! | `plan` | what is decided before the data comes |
//! | `isa` | what the CPU has, and how code gets compiled for it |
//! | `lanes` | vectors of lanes and the dense microkernels on them |
//! | `tables` | constants: nodes, weights, Legendre functions and their Fourier series, Gaunt coefficients |
//! | `engine` | *direct*: sparse coefficients in straight-line code; *grid* and *fourier*: synthesis, pointwise product, analysis |
//! | `transfer` | user arrays ↔ lane buffers: layouts, broadcasts, weights, tails |
//! | `trilinear` | the operations product and bracket and their derivatives: load, couple, store |
//! | `paths` | the constants between these products and e3nn's normalised paths |
//! | `harmonics` | the operation: values, gradients and vjp of harmonics of vectors |
//! | `rotation` | the operation: turn functions, by angles about `z` and exchanges of axes |
//! | `self_check` | whether a plan does on this machine what it should |
//! | `conversion` | layouts into one another |
//! | `convention` | other libraries' coefficients: which, in which order |
//! | [`mod@reference`] | the slow and readable oracle, sharing nothing with the rest |
//! | [`ffi`] | the C functions |
#![no_std]

#[cfg(test)]
extern crate std;

mod convention;
mod conversion;
mod engine;
mod error;
pub mod ffi;
mod harmonics;
mod index;
mod isa;
mod lanes;
mod layout;
mod paths;
mod plan;
pub mod reference;
mod rotation;
mod self_check;
mod tables;
mod transfer;
mod trilinear;

#[cfg(test)]
mod tests;

#[doc = include_str!("conventions.md")]
pub mod conventions {}

pub use convention::{Convention, from_convention, to_convention};
pub use conversion::convert_layout;
pub use error::Error;
pub use harmonics::{HarmonicsDesc, HarmonicsKind, HarmonicsLengths, LMAX_HARMONICS};
pub use index::{flat_index, n_lm};
pub use isa::Isa;
pub use lanes::CacheLine;
pub use layout::{Broadcast, Layout};
pub use paths::{bracket_path_constant, product_path_constant};
pub use plan::{
    Engine, Gradients, LMAX_INPUT, Lengths, Memory, Normalization, Operation, Parts, Plan, PlanDesc, Real,
    Tangents, WeightKind, Weights,
};
pub use rotation::{RotationDesc, RotationForm, RotationLengths, RotationPlan, Sense};
pub use self_check::SelfCheck;
