//! Unit tests: oracles, properties, every engine on every ISA level of the machine.
#![allow(clippy::float_cmp)] // equality of floats here means: the same bits

mod batch;
mod convention;
mod conventions;
mod conversion;
mod crossover;
mod fences;
mod generated;
mod large;
mod operands;
mod oracle;
mod plan;
mod properties;
mod rotation;
mod support;
mod tables;
mod tolerance;
mod transposition;
