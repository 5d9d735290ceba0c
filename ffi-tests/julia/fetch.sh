#!/bin/sh
# Puts a Julia to run vectors.jl with into DIR: DIR/bin/julia. Installs nothing system-wide.
#
#     ffi-tests/julia/fetch.sh DIR
#
# Debian 12 and later have no Julia package, Debian 11 has: its packages are fetched from the mirror that this machine
# already uses and unpacked into DIR. Without that mirror (another system, no network, a release that has left the
# archive) DIR/unavailable says why and the exit code is 0: whoever runs the tests then sees Julia listed as not run.
# An existing DIR/bin/julia is kept.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd)
[ -x "$dir/bin/julia" ] && exit 0
rm -rf "$dir/unavailable" "$dir/apt" "$dir/root"

unavailable() {
    echo "$1" | tee "$dir/unavailable"
    exit 0
}

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || unavailable "no apt-get, dpkg-deb"
[ "$(dpkg --print-architecture)" = amd64 ] || unavailable "only the amd64 packages are known to work"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
[ -n "$mirror" ] || unavailable "apt knows no mirror"

# An apt configuration of our own: Debian 11 only, lists and packages under DIR.
mkdir -p "$dir/apt/sources" "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/debs" "$dir/root"
cat >"$dir/apt/sources/bullseye.sources" <<END
Types: deb
URIs: $mirror
Suites: bullseye
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
cat >"$dir/apt/apt.conf" <<END
Dir::Etc::sourcelist "$dir/apt/no.list";
Dir::Etc::sourceparts "$dir/apt/sources";
Dir::State::lists "$dir/apt/lists";
Dir::Cache "$dir/apt/cache";
END
export APT_CONFIG="$dir/apt/apt.conf"

# Julia and those of its libraries that later Debian releases no longer have.
packages="julia libjulia1 julia-common libllvm9 libgit2-1.1 libmbedcrypto3 libmbedtls12 libmbedx509-0 libdsfmt-19937-1
    libopenlibm3 libhttp-parser2.9 libutf8proc2 libffi7"
(cd "$dir/debs" && apt-get -qq -o APT::Update::Error-Mode=any update && apt-get -qq download $packages) >"$dir/apt/log" 2>&1 ||
    unavailable "the packages of Debian 11 cannot be downloaded: $(tail -n 1 "$dir/apt/log")"
for deb in "$dir"/debs/*.deb; do
    dpkg-deb -x "$deb" "$dir/root"
done
rm -r "$dir/debs" "$dir/apt"

# Julia opens these by name in its own directory; the machine's will do.
libraries=$dir/root/usr/lib/x86_64-linux-gnu
for name in libcurl-gnutls.so.4 libgmp.so.10 libmpfr.so.6 libpcre2-8.so.0 libssh2.so.1 libunwind.so.8; do
    found=$(find /lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu -name "$name" | head -n 1)
    [ -n "$found" ] || unavailable "$name is missing; libunwind8 libcurl3-gnutls libssh2-1 libgmp10 libmpfr6 libpcre2-8-0"
    ln -sf "$found" "$libraries/$name"
done

mkdir -p "$dir/bin"
cat >"$dir/bin/julia" <<END
#!/bin/sh
LD_LIBRARY_PATH='$libraries:$libraries/julia' exec '$dir/root/usr/bin/julia' --startup-file=no "\$@"
END
chmod +x "$dir/bin/julia"
"$dir/bin/julia" --version || {
    rm "$dir/bin/julia"
    unavailable "the unpacked Julia does not run"
}
