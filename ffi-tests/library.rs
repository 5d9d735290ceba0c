//! Building the C library the way its users do.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this folder is not the root").to_path_buf()
}

/// Cargo's target directory for the C library, apart from that of the tests (whose lock cargo holds meanwhile).
pub(crate) fn target() -> PathBuf {
    root().join("target/ffi")
}

/// The command that builds it; its artefacts go to `release` in [`target`].
///
/// Symbol names tell type arguments, so that the codegen test knows which kernel a function is. That changes nothing else,
/// and being the same for all tests, it is built once. Flags of the environment do not count.
pub(crate) fn build() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root())
        .env("CARGO_ENCODED_RUSTFLAGS", "-C\x1fsymbol-mangling-version=v0")
        .args(["build", "--release", "-p", "gaunt-c", "--target-dir"])
        .arg(target());
    cargo
}
