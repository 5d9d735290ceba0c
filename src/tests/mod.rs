//! Unit tests: oracles, properties, every engine on every ISA level of the machine.
#![allow(clippy::float_cmp)] // equality of floats here means: the same bits

mod ahead;
mod batch;
mod brackets;
mod convention;
mod conventions;
mod conversion;
mod coupling;
mod crossover;
mod derivatives;
mod e3nn;
mod fences;
mod fft;
mod form;
mod fourier;
mod generated;
mod harmonics;
mod large;
mod octahedral;
mod operands;
mod oracle;
mod paths;
mod plan;
mod properties;
mod rotation;
mod schedule;
mod self_check;
mod support;
mod tables;
mod tolerance;
mod transposition;
