//! What plans accept, refuse and ask for.

use std::vec;

use super::support::{Random, dirty_lines, execute};
use crate::{CacheLine, Engine, Error, Isa, LMAX_INPUT, PlanDesc, WeightKind, Weights};
use crate::{Normalization, Plan, Tangents};

fn refused(modify: impl Fn(&mut PlanDesc)) -> Option<Error> {
    let mut desc = PlanDesc::product(2, 2, 2);
    modify(&mut desc);
    desc.memory::<f32>().err()
}

#[test]
fn unsupported_degrees_are_refused() {
    assert_eq!(refused(|_| ()), None);
    assert_eq!(refused(|desc| desc.lmax3 = 5), Some(Error::Unsupported));
    assert_eq!(refused(|desc| desc.lmax1 = LMAX_INPUT), None);
    assert_eq!(refused(|desc| desc.lmax1 = LMAX_INPUT + 1), Some(Error::Unsupported));
    assert_eq!(refused(|desc| desc.lmax2 = usize::MAX), Some(Error::Unsupported));
    assert_eq!(refused(|desc| (desc.lmax1, desc.engine) = (5, Engine::Direct)), Some(Error::Unsupported));
    assert_eq!(refused(|desc| (desc.lmax1, desc.engine) = (5, Engine::Grid)), None);
}

#[test]
fn overflowing_sizes_are_refused() {
    assert_eq!(refused(|desc| desc.n_channels = usize::MAX / 8), Some(Error::Overflow));
    let mut desc = PlanDesc::product(0, 0, 0);
    desc.n_channels = usize::MAX;
    assert_eq!(desc.lengths(1).map(|lengths| lengths.x1), Ok(usize::MAX));
    assert_eq!(desc.lengths(2), Err(Error::Overflow));
    desc.weights1 = WeightKind::PerChannel;
    assert!(desc.lengths(1).is_ok());
    desc.lmax1 = 1;
    assert_eq!(desc.lengths(1), Err(Error::Overflow));
    assert_eq!(PlanDesc::product(usize::MAX, 0, 0).lengths(1), Err(Error::Unsupported));
    // A plan has no memory per channel, its check has.
    desc = PlanDesc::product(1, 1, 1);
    desc.n_channels = usize::MAX / 16;
    let plan = Plan::<f64>::new(&desc, &mut []).unwrap();
    assert_eq!(plan.self_check_len(), Err(Error::Overflow));
}

#[test]
fn a_tangent_of_weights_is_as_long_as_they_are() {
    let mut desc = PlanDesc::product(1, 1, 1);
    desc.weights1 = WeightKind::Shared;
    let plan = Plan::<f64>::new(&desc, &mut []).unwrap();
    let (x, mut out, mut workspace) = ([0.5; 4], [7.0; 4], dirty_lines(plan.workspace_len()));
    let mut jvp = |weights1: &[f64], weights2: &[f64]| {
        let tangents = Tangents { weights1: Some(weights1), weights2: Some(weights2), ..Tangents::default() };
        let weights = Weights { weights1: &[1.0, 2.0], ..Weights::default() };
        plan.jvp(1, &x, &x, &weights, &tangents, false, &mut out, &mut workspace)
    };
    let mismatch = |array, expected, received| Err(Error::LengthMismatch { array, expected, received });
    assert_eq!(jvp(&[], &[]), mismatch("tangent of weights1", 2, 0));
    // The plan has no other weights, which have none but an empty tangent.
    assert_eq!(jvp(&[1.0, 1.0], &[1.0]), mismatch("tangent of weights2", 0, 1));
    assert_eq!(jvp(&[1.0, 1.0], &[]), Ok(()));
}

#[test]
fn small_plans_need_no_table_memory_and_large_ones_do() {
    for l in 0..=12 {
        assert_eq!(PlanDesc::product(l, l, 2 * l).memory::<f64>().unwrap().tables, 0, "degree {l}");
    }
    assert!(PlanDesc::product(17, 17, 17).memory::<f64>().unwrap().tables > 0);
    let mut desc = PlanDesc::product(2, 2, 2);
    desc.normalization = Normalization::Norm;
    assert_eq!(desc.memory::<f64>().unwrap().tables, 2); // 9 factors
}

#[test]
fn short_memory_and_wrong_lengths_are_refused_and_nothing_is_written() {
    let mut desc = PlanDesc::product(40, 2, 40);
    desc.weights2 = WeightKind::Shared;
    let memory = desc.memory::<f32>().unwrap();
    let mut short = dirty_lines(memory.tables - 1);
    let error = Error::StorageTooSmall { expected: memory.tables, received: memory.tables - 1 };
    assert_eq!(Plan::<f32>::new(&desc, &mut short).err(), Some(error));

    let mut tables = dirty_lines(memory.tables);
    let plan = Plan::<f32>::new(&desc, &mut tables).unwrap();
    assert_eq!(plan.workspace_len(), memory.workspace);
    let lengths = desc.lengths(2).unwrap();
    let run = |x1: usize, x2: usize, weights2: usize, out: usize, workspace: usize| {
        let (x1, x2, weights2) = (vec![1.0; x1], vec![1.0; x2], vec![1.0; weights2]);
        let (mut out, mut workspace) = (vec![7.0_f32; out], dirty_lines(workspace));
        let weights = Weights { weights2: &weights2, ..Weights::default() };
        let result = plan.execute(2, &x1, &x2, &weights, &mut out, &mut workspace);
        assert!(result.is_ok() || out.iter().all(|value| *value == 7.0));
        result
    };
    let (x1, x2, w2, out) = (lengths.x1, lengths.x2, lengths.weights2, lengths.out);
    let mismatch = |array, expected, received| Err(Error::LengthMismatch { array, expected, received });
    assert_eq!(run(x1, x2, w2, out, memory.workspace), Ok(()));
    assert_eq!(run(x1 + 1, x2, w2, out, memory.workspace), mismatch("x1", x1, x1 + 1));
    assert_eq!(run(x1, x2 - 1, w2, out, memory.workspace), mismatch("x2", x2, x2 - 1));
    assert_eq!(run(x1, x2, 0, out, memory.workspace), mismatch("weights2", w2, 0));
    assert_eq!(run(x1, x2, w2, 0, memory.workspace), mismatch("out", out, 0));
    let error = Error::StorageTooSmall { expected: memory.workspace, received: memory.workspace - 1 };
    assert_eq!(run(x1, x2, w2, out, memory.workspace - 1), Err(error));
}

#[test]
fn nothing_to_do_is_success() {
    for engine in [Engine::Direct, Engine::Grid, Engine::Fourier] {
        let mut desc = PlanDesc::product(2, 1, 3);
        desc.engine = engine;
        assert!(execute::<f32>(&desc, 0, &[], &[], &Weights::default()).is_empty());
        desc.n_channels = 0;
        assert!(execute::<f32>(&desc, 5, &[], &[], &Weights::default()).is_empty());
    }
}

#[test]
fn isa_levels_can_be_pinned_downwards_only() {
    let best = Isa::detect();
    for limit in Isa::ALL {
        let mut desc = PlanDesc::product(1, 1, 1);
        desc.isa = Some(limit);
        let plan = Plan::<f32>::new(&desc, &mut []).unwrap();
        assert!(plan.isa() <= limit && plan.isa() <= best);
        assert!(!limit.is_available() || plan.isa() == limit);
    }
    assert_eq!(Plan::<f64>::new(&PlanDesc::product(1, 1, 1), &mut []).unwrap().isa(), best);
}

#[test]
fn detection_agrees_with_the_standard_library() {
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! has { ($($feature:tt)*) => { true $(&& std::is_x86_feature_detected!($feature))* }; }
        let avx2 = has!("avx2" "fma" "bmi1" "bmi2" "lzcnt" "popcnt");
        let avx512 = avx2 && has!("avx512f" "avx512bw" "avx512cd" "avx512dq" "avx512vl");
        let expected = if avx512 {
            Isa::Avx512
        } else if avx2 {
            Isa::Avx2
        } else {
            Isa::Scalar
        };
        assert_eq!(Isa::detect(), expected);
    }
    #[cfg(target_arch = "aarch64")]
    assert_eq!(Isa::detect(), Isa::Neon);
    std::println!("best ISA level of this machine: {:?}", Isa::detect());
}

/// Coefficients that no output can see are not even read: a NaN there changes nothing.
#[test]
fn degrees_that_cannot_contribute_are_ignored() {
    for engine in [Engine::Direct, Engine::Grid, Engine::Fourier] {
        let mut desc = PlanDesc::product(3, 1, 1);
        desc.engine = engine;
        let (mut x1, x2) = (Random(3).values::<f64>(16), Random(4).values::<f64>(4));
        let expected = execute(&desc, 1, &x1, &x2, &Weights::default());
        x1[9..].fill(f64::NAN); // degree 3 > 1 + 1
        assert_eq!(execute(&desc, 1, &x1, &x2, &Weights::default()), expected);
    }
}

#[test]
fn cache_lines_are_aligned() {
    assert_eq!((size_of::<CacheLine>(), align_of::<CacheLine>()), (64, 64));
}
