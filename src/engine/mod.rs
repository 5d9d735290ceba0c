//! Engines: ways to compute the same product.

pub(crate) mod direct;
pub(crate) mod grid;
