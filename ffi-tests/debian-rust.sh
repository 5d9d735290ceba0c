#!/bin/sh
# Puts Debian's Rust compiler into DIR, with the standard library for aarch64 and the sources of `core` for bare-metal
# targets: DIR/bin/rustc. For machines whose own Rust toolchain lacks these; installs nothing system-wide.
#
#     ffi-tests/debian-rust.sh DIR
#
# Works on amd64 with the package sources of Debian 12 (or of a later release that has rustc-web). The packages are
# fetched by apt and unpacked; an existing DIR/bin/rustc is kept.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
if [ "$(dpkg --print-architecture 2>/dev/null)" != amd64 ]; then
    echo "$0: needs Debian on amd64; elsewhere use \`rustup target add\`" >&2
    exit 1
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd)
[ -x "$dir/bin/rustc" ] && exit 0

# The machine's package sources, for two architectures, with lists and packages under DIR (where apt's own user, to
# which it would drop root's rights, may not be allowed to write).
rm -rf "$dir/apt" "$dir/debs" "$dir/root"
mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/debs" "$dir/root" "$dir/bin"
cat >"$dir/apt/apt.conf" <<END
APT::Architectures { "amd64"; "arm64"; };
Dir::State::lists "$dir/apt/lists";
Dir::Cache "$dir/apt/cache";
APT::Sandbox::User "root";
END
export APT_CONFIG="$dir/apt/apt.conf"

# The names of a package's dependencies that begin with something.
dependencies() {
    apt-cache depends --no-recommends --no-suggests "$1" | sed -n "s/^ *Depends: \($2[^:]*\)\$/\1/p" | sort -u
}

apt-get -qq update
library=$(dependencies libstd-rust-web-dev:amd64 'libstd-rust-web-[0-9]')
llvm=$(dependencies "$library:amd64" libllvm)
(cd "$dir/debs" && apt-get -qq download rustc-web:amd64 libstd-rust-web-dev:amd64 "$library:amd64" "$llvm:amd64" \
    libstd-rust-web-dev:arm64 rust-web-src)
for deb in "$dir"/debs/*.deb; do
    dpkg-deb -x "$deb" "$dir/root"
done
rm -r "$dir/debs" "$dir/apt"

cat >"$dir/bin/rustc" <<END
#!/bin/sh
export LD_LIBRARY_PATH='$dir/root/usr/lib/x86_64-linux-gnu:$dir/root/usr/lib'
exec '$dir/root/usr/bin/rustc' --sysroot '$dir/root/usr' "\$@"
END
chmod +x "$dir/bin/rustc"
"$dir/bin/rustc" --version
