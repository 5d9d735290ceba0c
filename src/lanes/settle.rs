//! Order in long straight-line code.
#![cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code, unused_variables))]
#![allow(unsafe_code)]

use bytemuck::Pod;
use pulp::Simd;

use super::groups::{Groups, with_groups};

/// The value, which the compiler has to have computed by here. No instruction.
///
/// Where a sum is used only hundreds of instructions later, LLVM computes all factors first and adds up at the end:
/// more than the registers hold, so that a third of the instructions store and reload. An empty piece of assembler that
/// takes the sum so far keeps the order of the source.
#[inline(always)]
pub(crate) fn settle<S: Simd, V: Pod>(s: S, value: V) -> V {
    let settled = with_groups!(s, groups => settle_as(groups, value));
    settled.unwrap_or(value)
}

#[inline(always)]
fn settle_as<G: Settle, V: Pod>(groups: G, value: V) -> V {
    if const { size_of::<V>() != size_of::<G::Vector>() } {
        return value; // not a vector of the level
    }
    // SAFETY: both are vectors of one size, for which all bits are valid.
    let vector = unsafe { (&raw const value).cast::<G::Vector>().read_unaligned() };
    let vector = groups.settle(vector);
    // SAFETY: as above.
    unsafe { (&raw const vector).cast::<V>().read_unaligned() }
}

trait Settle: Groups {
    fn settle(self, vector: Self::Vector) -> Self::Vector;
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! impl_settle {
    ($level:ty, $feature:literal, $register:ident, $comment:literal, $vector:ty) => {
        impl Settle for $level {
            #[inline(always)]
            fn settle(self, vector: $vector) -> $vector {
                #[inline]
                #[target_feature(enable = $feature)]
                fn settle(mut vector: $vector) -> $vector {
                    // SAFETY: a comment, which changes nothing.
                    unsafe {
                        core::arch::asm!(
                            $comment,
                            inout($register) vector,
                            options(nomem, nostack, preserves_flags)
                        );
                    }
                    vector
                }
                // SAFETY: the level, which `self` stands for, has the feature.
                unsafe { settle(vector) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
impl_settle!(pulp::x86::V3, "avx", ymm_reg, "/* {0} */", core::arch::x86_64::__m256);
#[cfg(target_arch = "x86_64")]
impl_settle!(pulp::x86::V4, "avx512f", zmm_reg, "/* {0} */", core::arch::x86_64::__m512);
#[cfg(target_arch = "aarch64")]
impl_settle!(pulp::aarch64::Neon, "neon", vreg, "/* {0:q} */", core::arch::aarch64::float32x4_t);
