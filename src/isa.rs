//! ISA levels: what the CPU has, and running code compiled for a level.
//!
//! An operation is written once, generic over [`pulp::Simd`]; [`Level::run`] is the only place where it meets a
//! `#[target_feature]` frame, which is `pulp`'s. Everything below that frame must be `#[inline(always)]`, or it would
//! silently be compiled for the baseline.
#![allow(unsafe_code)]

use core::sync::atomic::{AtomicU8, Ordering};

use pulp::{Simd, WithSimd};

/// A named set of CPU features, in ascending order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// One element at a time; every CPU. Multiply-add is not fused.
    Scalar,
    /// 128-bit vectors: aarch64's baseline.
    Neon,
    /// 256-bit vectors: AVX2, FMA, BMI1, BMI2, LZCNT, POPCNT.
    Avx2,
    /// 512-bit vectors: the AVX2 level and AVX-512 F, BW, CD, DQ, VL.
    Avx512,
}

impl Isa {
    /// Every level.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// The best level of this CPU whose registers the operating system saves.
    ///
    /// Without `std`, cached: asking the CPU costs microseconds in a virtual machine.
    #[must_use]
    pub fn detect() -> Self {
        static CACHE: AtomicU8 = AtomicU8::new(u8::MAX);
        let cached = CACHE.load(Ordering::Relaxed);
        if let Some(isa) = Self::ALL.get(usize::from(cached)) {
            return *isa;
        }
        let isa = arch::detect();
        // Idempotent: every thread computes and stores the same value.
        CACHE.store(isa as u8, Ordering::Relaxed);
        isa
    }

    /// Whether this CPU runs the level.
    #[must_use]
    pub fn is_available(self) -> bool {
        Level::up_to(Some(self)).isa() == self
    }
}

/// Proof that this CPU runs an ISA level: made by detection only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Isa);

impl Level {
    /// The best level of this CPU that is not above `limit`.
    pub(crate) fn up_to(limit: Option<Isa>) -> Self {
        let best = Isa::detect();
        let limit = limit.unwrap_or(best).min(best);
        // Between `Scalar` and `best` lie only levels of this architecture, except NEON below the x86 ones.
        Self(if limit == Isa::Neon && !cfg!(target_arch = "aarch64") { Isa::Scalar } else { limit })
    }

    /// The level proven.
    pub(crate) const fn isa(self) -> Isa {
        self.0
    }

    /// Lanes of `T` at this level.
    pub(crate) fn lanes<T: crate::lanes::LaneOps>(self) -> usize {
        struct Lanes<T>(core::marker::PhantomData<T>);
        impl<T: crate::lanes::LaneOps> WithSimd for Lanes<T> {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> usize {
                crate::lanes::lane_count::<S, T>()
            }
        }
        self.run(Lanes::<T>(core::marker::PhantomData))
    }

    /// Runs an operation compiled for this level.
    #[inline]
    pub(crate) fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                // SAFETY: a `Level` of AVX-512 exists only after `arch::detect` found every feature of `V4`.
                let token = unsafe { pulp::x86::V4::new_unchecked() };
                Simd::vectorize(token, op)
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => {
                // SAFETY: a `Level` of AVX2 exists only after `arch::detect` found every feature of `V3`.
                let token = unsafe { pulp::x86::V3::new_unchecked() };
                Simd::vectorize(token, op)
            }
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => {
                // SAFETY: NEON is part of the aarch64 baseline that this crate is compiled for.
                let token = unsafe { pulp::aarch64::Neon::new_unchecked() };
                Simd::vectorize(token, op)
            }
            _ => Simd::vectorize(pulp::Scalar, op),
        }
    }
}

/// Runs an operation as a function of its own, at the level of the caller.
///
/// `vectorize` alone is inlined where it is called once, and the kernels of all sizes end in one huge function: slow to
/// build, and opaque in a disassembly.
#[inline(never)]
pub(crate) fn outline<S: Simd, Op: WithSimd>(s: S, op: Op) -> Op::Output {
    s.vectorize(op)
}

#[cfg(target_arch = "x86_64")]
mod arch {
    use super::Isa;
    use core::arch::x86_64::{__cpuid, __cpuid_count, __get_cpuid_max, _xgetbv};

    /// Feature bits, Intel SDM volume 2A, CPUID. Exactly the features of `pulp`'s `V3` and `V4` tokens beyond SSE2.
    mod bits {
        /// Leaf 1 ECX: SSE3, SSSE3, FMA, SSE4.1, SSE4.2, POPCNT, AVX.
        pub(super) const AVX2_LEAF1_ECX: u32 = 1 | 1 << 9 | 1 << 12 | 1 << 19 | 1 << 20 | 1 << 23 | 1 << 28;
        /// Leaf 1 ECX: the operating system has enabled `xgetbv`.
        pub(super) const OSXSAVE: u32 = 1 << 27;
        /// Leaf 7 EBX: BMI1, AVX2, BMI2.
        pub(super) const AVX2_LEAF7_EBX: u32 = 1 << 3 | 1 << 5 | 1 << 8;
        /// Leaf `0x8000_0001` ECX: LZCNT.
        pub(super) const LZCNT: u32 = 1 << 5;
        /// Leaf 7 EBX: AVX-512 F, DQ, CD, BW, VL.
        pub(super) const AVX512_LEAF7_EBX: u32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31;
        /// XCR0: XMM and YMM state saved.
        pub(super) const XCR0_YMM: u64 = 0x06;
        /// XCR0: XMM, YMM, mask and both halves of the ZMM state saved.
        pub(super) const XCR0_ZMM: u64 = 0xe6;
    }

    pub(super) fn detect() -> Isa {
        if cfg!(miri) {
            return Isa::Scalar; // the interpreter has no cpuid
        }
        let has = |word: u32, mask: u32| word & mask == mask;
        #[allow(unused_unsafe)] // safe functions from Rust 1.94 on
        // SAFETY: every x86-64 CPU has `cpuid`; leaves are asked for only up to the maximum it names.
        let (leaf1, leaf7, extended) = unsafe {
            if __get_cpuid_max(0).0 < 7 || __get_cpuid_max(0x8000_0000).0 < 0x8000_0001 {
                return Isa::Scalar;
            }
            (__cpuid(1), __cpuid_count(7, 0), __cpuid(0x8000_0001))
        };
        if !has(leaf1.ecx, bits::OSXSAVE) {
            return Isa::Scalar;
        }
        // SAFETY: OSXSAVE says that `xgetbv` may be executed.
        let xcr0 = unsafe { xcr0() };
        let avx2 = has(leaf1.ecx, bits::AVX2_LEAF1_ECX)
            && has(leaf7.ebx, bits::AVX2_LEAF7_EBX)
            && has(extended.ecx, bits::LZCNT)
            && xcr0 & bits::XCR0_YMM == bits::XCR0_YMM;
        let avx512 =
            avx2 && has(leaf7.ebx, bits::AVX512_LEAF7_EBX) && xcr0 & bits::XCR0_ZMM == bits::XCR0_ZMM;
        if avx512 {
            Isa::Avx512
        } else if avx2 {
            Isa::Avx2
        } else {
            Isa::Scalar
        }
    }

    /// Extended control register 0: which register state the operating system saves.
    #[target_feature(enable = "xsave")]
    fn xcr0() -> u64 {
        // SAFETY: the caller has checked OSXSAVE.
        unsafe { _xgetbv(0) }
    }
}

#[cfg(target_arch = "aarch64")]
mod arch {
    pub(super) fn detect() -> super::Isa {
        super::Isa::Neon
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod arch {
    pub(super) fn detect() -> super::Isa {
        super::Isa::Scalar
    }
}
