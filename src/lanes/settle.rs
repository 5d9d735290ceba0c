//! Order in long straight-line code.
#![allow(unsafe_code)]

use pulp::Simd;

use super::LaneOps;

/// The value, which the compiler has to have computed by here. No instruction.
///
/// Where a sum is used only hundreds of instructions later, LLVM computes all factors first and adds up at the end:
/// more than the registers hold, so that a third of the instructions store and reload. An empty piece of assembler that
/// takes the sum so far keeps the order of the source.
#[inline(always)]
#[allow(unused_mut)] // of other architectures
pub(crate) fn settle<S: Simd, T: LaneOps>(mut value: T::Lanes<S>) -> T::Lanes<S> {
    /// `value` by the function for the level whose vectors are `$vector`s: decided by their size when this is compiled, as
    /// branches that are to vanish later would cost the compiler minutes.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    macro_rules! settle_as {
        ($vector:ty, $function:path) => {
            if const { size_of::<T::Lanes<S>>() == size_of::<$vector>() } {
                let vector: *mut $vector = (&raw mut value).cast();
                // SAFETY: both are vectors of one size, for which all bits are valid; on this architecture only one level has
                // vectors of this size, and the function needs no more than that level's features.
                unsafe { vector.write_unaligned($function(vector.read_unaligned())) };
            }
        };
    }
    #[cfg(target_arch = "x86_64")]
    {
        settle_as!(core::arch::x86_64::__m256, x86::settle_256);
        settle_as!(core::arch::x86_64::__m512, x86::settle_512);
    }
    #[cfg(target_arch = "aarch64")]
    settle_as!(core::arch::aarch64::float32x4_t, aarch64::settle_128);
    value
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! define_settle {
    ($name:ident, $feature:literal, $register:ident, $comment:literal, $vector:ty) => {
        #[inline]
        #[target_feature(enable = $feature)]
        pub(super) fn $name(mut vector: $vector) -> $vector {
            // SAFETY: a comment, which changes nothing.
            unsafe {
                core::arch::asm!($comment, inout($register) vector, options(nomem, nostack, preserves_flags));
            }
            vector
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{__m256, __m512};

    define_settle!(settle_256, "avx", ymm_reg, "/* {0} */", __m256);
    define_settle!(settle_512, "avx512f", zmm_reg, "/* {0} */", __m512);
}

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use core::arch::aarch64::float32x4_t;

    define_settle!(settle_128, "neon", vreg, "/* {0:q} */", float32x4_t);
}
