//! The C library: the functions of [`gaunt_core::ffi`] and the panic handler that a `no_std` artefact must bring.
#![no_std]
#![allow(unsafe_code)] // the symbol below

pub use gaunt_core::ffi::*;

/// Never reached: the library does not panic (its objects contain no call to the panic machinery, which the tests
/// check). If it did, stopping at once is all that is possible without an operating system.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

// The prebuilt `core` and `compiler_builtins` name this symbol without using it. Weak and hidden: a debug archive
// links from C, `--whole-archive` links, and nothing clashes with a Rust program's own.
// (In the syntax of ELF.)
#[cfg(all(
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "arm"),
    not(any(target_vendor = "apple", windows))
))]
core::arch::global_asm!(
    ".pushsection .text.rust_eh_personality,\"ax\",%progbits",
    ".weak rust_eh_personality",
    ".hidden rust_eh_personality",
    ".type rust_eh_personality,%function",
    "rust_eh_personality:",
    ".byte 0",
    ".popsection",
);
