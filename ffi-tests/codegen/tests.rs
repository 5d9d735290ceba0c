//! The checks themselves, on functions assembled by hand.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction};

use crate::faults_outside;
use crate::frames;
use crate::functions::{Function, callee};
use crate::instructions::{Arithmetic, Counts, Element, Operation, arithmetic, has_frame_pointer, hot_loops};
use crate::spills;

const FUSED_XMM: &[u8] = b"\xc4\xe2\x71\xb8\xc2"; // vfmadd231ps xmm0, xmm1, xmm2
const FUSED_YMM: &[u8] = b"\xc4\xe2\x75\xb8\xc2"; // vfmadd231ps ymm0, ymm1, ymm2
const FUSED_ZMM_F64: &[u8] = b"\x62\xf2\xf5\x48\xb8\xc2"; // vfmadd231pd zmm0, zmm1, zmm2
const FUSED_BROADCAST: &[u8] = b"\x62\xf2\x75\x58\xb8\x00"; // vfmadd231ps zmm0, zmm1, dword bcst [rax]
const MUL_YMM: &[u8] = b"\xc5\xf4\x59\xc2"; // vmulps ymm0, ymm1, ymm2
const MUL_SSE: &[u8] = b"\x0f\x59\xc1"; // mulps xmm0, xmm1
const MUL_SINGLE: &[u8] = b"\xc5\xf2\x59\xc2"; // vmulss xmm0, xmm1, xmm2
const BROADCAST: &[u8] = b"\xc4\xe2\x7d\x18\x00"; // vbroadcastss ymm0, [rax]
const STORE_RSP: &[u8] = b"\xc5\xfc\x11\x44\x24\x20"; // vmovups [rsp + 32], ymm0
const LOAD_RSP: &[u8] = b"\xc5\xfc\x10\x44\x24\x20"; // vmovups ymm0, [rsp + 32]
const LOAD_RBP: &[u8] = b"\xc5\xfc\x10\x45\x00"; // vmovups ymm0, [rbp]
const FRAME_POINTER: &[u8] = b"\x48\x89\xe5"; // mov rbp, rsp
const DIV: &[u8] = b"\x48\xf7\xf1"; // div rcx
const UD2: &[u8] = b"\x0f\x0b";
const DEC: &[u8] = b"\x48\xff\xc9"; // dec rcx
const CALL: &[u8] = b"\xe8\x00\x00\x00\x00"; // call rel32
const CALL_REGISTER: &[u8] = b"\xff\xd0"; // call rax
const CALL_POINTER: &[u8] = b"\xff\x15\x00\x00\x00\x00"; // call [rip]
const JUMP: &[u8] = b"\xe9\x00\x00\x00\x00"; // jmp rel32
const JUMP_TABLE: &[u8] = b"\xff\xe0"; // jmp rax
const JUMP_POINTER: &[u8] = b"\xff\x25\x00\x00\x00\x00"; // jmp [rip]

fn decode(code: &[&[u8]]) -> Vec<Instruction> {
    Decoder::with_ip(64, &code.concat(), 0, DecoderOptions::NONE).into_iter().collect()
}

/// A function that calls only `callee`.
fn function(name: &str, code: &[&[u8]], callee: &str) -> Function {
    let instructions = decode(code);
    let calls = instructions.iter().filter(|instruction| instruction.flow_control() == FlowControl::Call);
    let calls = calls.map(|call| (*call, callee.to_string())).collect();
    Function { name: name.into(), instructions, calls }
}

/// The name of a frame for AVX2 and `f32`.
fn frame_name(family: &str) -> String {
    format!("<pulp::x86::v3::V3>::vectorize::imp::<V3::Impl<gaunt::{family}<f32, pulp::f32x8, 4>>>")
}

/// What is wrong with a frame for AVX2 and `f32`.
fn faults(family: &str, code: &[&[u8]], callee: &str) -> Vec<String> {
    let functions = [function(&frame_name(family), code, callee)];
    frames::of(&functions).0[0].faults()
}

/// Asserts that there is one fault, which says so.
fn assert_fault(faults: &[String], expected: &str) {
    assert!(faults.len() == 1 && faults[0].contains(expected), "{expected}: {faults:?}");
}

/// A loop around some code.
fn looped<'a>(code: &[&'a [u8]], jump: &'a mut [u8; 2]) -> Vec<&'a [u8]> {
    let len: usize = code.concat().len() + DEC.len() + jump.len();
    *jump = [0x75, len.try_into().map(u8::wrapping_neg).unwrap()]; // jne
    [code, &[DEC, &*jump]].concat()
}

#[test]
fn arithmetic_is_told_apart() {
    let of = |code| arithmetic(&decode(&[code])[0]);
    let fused = Arithmetic { operation: Operation::Fused, packed: true, element: Element::F32, width: 128 };
    assert_eq!(of(FUSED_XMM), Some(fused));
    assert_eq!(of(FUSED_YMM), Some(Arithmetic { width: 256, ..fused }));
    assert_eq!(of(FUSED_BROADCAST), Some(Arithmetic { width: 512, ..fused }));
    assert_eq!(of(FUSED_ZMM_F64), Some(Arithmetic { width: 512, element: Element::F64, ..fused }));
    let multiply = Arithmetic { operation: Operation::Multiply, ..fused };
    assert_eq!(of(MUL_SSE), Some(multiply));
    assert_eq!(of(MUL_SINGLE), Some(Arithmetic { packed: false, ..multiply }));
    let others: [&[u8]; 4] = [STORE_RSP, BROADCAST, DEC, DIV];
    assert!(others.into_iter().all(|code| of(code).is_none()));
    let integers: [&[u8]; 2] = [b"\xc5\xf5\xfe\xc2", b"\xc4\xe2\x75\x40\xc2"]; // vpaddd, vpmulld
    assert!(integers.into_iter().all(|code| of(code).is_none()));
}

#[test]
fn memory_operands_are_counted() {
    let code = decode(&[STORE_RSP, LOAD_RSP, LOAD_RBP, BROADCAST, FUSED_BROADCAST, MUL_SINGLE]);
    let expected =
        Counts { instructions: 6, fused: 1, unfused: 1, loads: 3, broadcasts: 2, spills: 1, reloads: 1 };
    assert_eq!(Counts::new(&code, false), expected);
    assert_eq!(Counts::new(&code, true), Counts { loads: 2, reloads: 2, ..expected });
    assert!(has_frame_pointer(&decode(&[FRAME_POINTER])));
    assert!(!has_frame_pointer(&code));
}

#[test]
fn hot_loops_are_innermost() {
    let (mut inner, mut outer, mut cold) = ([0; 2], [0; 2], [0; 2]);
    let inner = looped(&[FUSED_YMM], &mut inner);
    let outer = looped(&[&[STORE_RSP][..], &inner].concat(), &mut outer);
    let code = decode(&[outer, looped(&[LOAD_RSP], &mut cold)].concat());
    let loops = hot_loops(&code);
    assert_eq!(loops.len(), 1);
    assert_eq!(loops[0].len(), 3);
    assert_eq!(loops[0][0].ip(), STORE_RSP.len() as u64);
}

#[test]
fn callees_are_named() {
    let name = "elsewhere".to_string();
    let of = |code, target| callee(&decode(&[code])[0], target);
    for code in [CALL, CALL_POINTER, JUMP, JUMP_POINTER] {
        assert_eq!(of(code, Some(&name)), Some(name.clone()));
    }
    assert_eq!(of(CALL_REGISTER, None), Some("a function pointer".into()));
    assert_eq!(of(JUMP, None), None);
    assert_eq!(of(JUMP_TABLE, None), None);
    assert_eq!(of(FUSED_YMM, Some(&name)), None);
}

#[test]
fn faults_of_frames_are_found() {
    let (mut jump, mut with_division, mut with_call) = ([0; 2], [0; 2], [0; 2]);
    let kernel = looped(&[BROADCAST, FUSED_YMM], &mut jump);
    assert_eq!(faults("Coupling", &kernel, ""), Vec::<String>::new());
    let with = |code: &'static [u8]| [&kernel[..], &[code]].concat();

    assert_fault(
        &faults("Coupling", &with(FUSED_XMM), ""),
        "Coupling<f32, 4> for AVX2: arithmetic on part of a vector",
    );
    assert_fault(&faults("Coupling", &with(b"\xc5\xf5\x59\xc2"), ""), "another element type, 1 times"); // vmulpd ymm
    assert_fault(&faults("Coupling", &with(MUL_SINGLE), ""), "arithmetic on single elements");
    assert_fault(&faults("Coupling", &with(b"\x0f\x28\xc1"), ""), "vector instructions of the baseline"); // movaps xmm
    assert_fault(&faults("Coupling", &with(DIV), ""), "integer divisions");
    assert_fault(&faults("Coupling", &with(UD2), ""), "traps");
    assert_fault(&faults("Coupling", &with(b"\x06"), ""), "unknown instructions");
    assert_fault(&faults("Coupling", &with(CALL), "gaunt::helper"), "calls gaunt::helper");
    assert_fault(&faults("Coupling", &with(CALL), "memset"), "calls memset");
    assert_fault(&faults("Adjoint", &[FUSED_YMM], ""), "0 of 1 fused multiply-adds are in loops");

    // What is allowed outside of kernels, and only there.
    let none = Vec::<String>::new();
    assert_eq!(faults("Execute", &[&with(DIV)[..], &[CALL]].concat(), "memset"), none);
    assert_eq!(faults("Gather", &with(MUL_SINGLE), ""), none);
    assert_fault(&faults("Execute", &with(MUL_SINGLE), ""), "single elements");
    let frame = &*frame_name("Coupling");
    assert_eq!(faults("Execute", &with(CALL), frame), none);
    assert_fault(&faults("Execute", &with(CALL), &frame.replace("f32, ", "f64, ")), "calls <pulp");
    assert_fault(&faults("Execute", &with(CALL), &frame.replace("v3", "v4")), "calls <pulp");
    assert_fault(&faults("Execute", &looped(&[FUSED_YMM, DIV], &mut with_division), ""), "in a hot loop");
    assert_fault(&faults("Execute", &looped(&[FUSED_YMM, CALL], &mut with_call), "memset"), "in a hot loop");
}

#[test]
fn faults_outside_of_frames_are_found() {
    let helper = "gaunt::lanes::helper::<pulp::x86::v3::V3, f32>";
    let of = |name: &str, code: &[&[u8]]| {
        let functions = [function(&frame_name("Coupling"), &[CALL], helper), function(name, code, "")];
        faults_outside(&functions, &frames::of(&functions).0)
    };
    assert_fault(&of(helper, &[DEC]), "called by [\"Coupling<f32, 4> for AVX2\"]");
    assert_fault(&of("gaunt::helper", &[DEC, MUL_SSE]), "vector arithmetic outside of frames, 0x3: mulps");
    let none = Vec::<String>::new();
    assert_eq!(of("gaunt::helper", &[MUL_SINGLE, DIV]), none);
    // What only calls a frame.
    let arguments = "pulp::x86::v3::V3, gaunt::trilinear::pass::Pass<f32, pulp::f32x8>";
    for path in ["gaunt::isa", "<gaunt::engine::grid::Grid<f32> as gaunt::engine::Transform<f32>>"] {
        assert_eq!(of(&format!("{path}::outline::<{arguments}>"), &[JUMP]), none);
    }
    assert_fault(&of(&format!("<gaunt::helper>::outline::<{arguments}>"), &[JUMP]), "not inlined");
    assert_eq!(of("<pulp::Scalar as pulp::Simd>::vectorize::<gaunt::Coupling<f32, f32>>", &[MUL_SSE]), none);
    assert_eq!(of("<gaunt::tables::Table>::fill", &[MUL_SSE]), none);
}

#[test]
fn spills_are_compared_with_the_record() {
    let mut jump = [0; 2];
    let kernel = looped(&[&[FUSED_YMM; 3][..], &[STORE_RSP; 16]].concat(), &mut jump);
    let functions = [function(&frame_name("Coupling"), &kernel, "")];
    let (frames, _) = frames::of(&functions);
    let families = spills::families(&frames);
    let family = families.values().next().unwrap();
    let faults = |record| spills::compare(family, record);

    let recorded = spills::parse(&spills::text(&families));
    assert_eq!(recorded, [("Coupling AVX2 f32".to_string(), [3, 0, 16, 16, 1])].into());
    assert_eq!(faults([3, 0, 16, 16, 1]), Vec::<String>::new());
    assert_fault(&faults([3, 0, 0, 16, 1]), "16 spills for 3 operations, 8 are allowed (0 recorded)");
    assert_fault(
        &faults([3, 0, 16, 6, 1]),
        "16 spills in Coupling<f32, 4> for AVX2, 15 are allowed (6 recorded)",
    );
    assert_fault(
        &faults([3, 0, 16, 16, 0]),
        "loops of at most 32 operations spill, 0 recorded: [\"Coupling<f32, 4> for",
    );

    let functions = [function(&frame_name("Coupling"), &[FUSED_YMM, MUL_YMM].repeat(3), "")];
    let (frames, _) = frames::of(&functions);
    let faults = spills::compare(&spills::families(&frames).into_values().next().unwrap(), [6, 0, 0, 0, 0]);
    assert_fault(&faults, "3 fused multiply-adds of 6 operations, 5 are expected");
}
