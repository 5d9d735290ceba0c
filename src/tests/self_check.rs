//! The check that users call passes. (That it notices damage, `ffi-tests/c/derivatives.c` tests: safe code cannot write to the
//! tables of a plan.)

use super::support::{dirty_lines, levels};
use super::tolerance::Roundoff;
use crate::tables::gaunt::LMAX_DIRECT;
use crate::{Broadcast, Engine, Error, Layout, Normalization, Operation, Parts, Plan, PlanDesc, WeightKind};

fn passes<T: Roundoff>(desc: &PlanDesc) {
    let mut tables = dirty_lines(desc.memory::<T>().unwrap().tables);
    let plan = Plan::<T>::new(desc, &mut tables).unwrap();
    let mut memory = dirty_lines(plan.self_check_len().unwrap());
    for seed in 0..3 {
        let found = plan.self_check(seed, &mut memory).unwrap();
        assert!(found.worst() <= 1.0, "{desc:?} {}: {found:?}", T::NAME);
    }
    let (expected, received) = (memory.len(), memory.len() - 1);
    assert_eq!(
        plan.self_check(0, &mut memory[..received]),
        Err(Error::StorageTooSmall { expected, received })
    );
}

#[test]
fn sound_plans_pass() {
    for isa in levels() {
        for engine in [Engine::Direct, Engine::Grid, Engine::Fourier] {
            for operation in [Operation::Product, Operation::Bracket, Operation::ProductAndBracket] {
                for [l1, l2, l3] in [[0, 0, 0], [1, 1, 2], [2, 1, 1], [2, 2, 2], [5, 4, 6], [9, 9, 9]] {
                    if engine == Engine::Direct && l1 > LMAX_DIRECT {
                        continue;
                    }
                    let mut desc = PlanDesc::new(operation, l1, l2, l3);
                    (desc.engine, desc.isa) = (engine, Some(isa));
                    passes::<f32>(&desc);
                    passes::<f64>(&desc);
                    (desc.n_channels, desc.layout) = (5, Layout::E3nnBlocks);
                    (desc.normalization, desc.broadcast2) = (Normalization::Norm, Broadcast::Channels);
                    (desc.weights1, desc.weights3) = (WeightKind::PerChannel, WeightKind::Shared);
                    if operation == Operation::ProductAndBracket {
                        (desc.parts1, desc.parts2) = (Parts::Both, Parts::Both);
                    }
                    passes::<f32>(&desc);
                    passes::<f64>(&desc);
                }
            }
        }
    }
}
