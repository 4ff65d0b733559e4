#!/usr/bin/env bash
# Builds the page of the playground: crates/playground/build.sh [FOLDER]
#
# The library is compiled to WebAssembly, into crates/playground/web/pkg. From then on, `trainer` is built with the page in
# it. With FOLDER, the static files for a web host are copied there.
# For tests, PROFILE=dev compiles faster and without optimization, and PLAYGROUND_PKG=FOLDER is in place of web/pkg.
# Needed: the target wasm32-unknown-unknown of Rust, and wasm-bindgen in the version of Cargo.lock.
set -euo pipefail
# Folders are relative to where the script was called.
out=
[ $# -eq 0 ] || out=$(mkdir -p "$1" && cd "$1" && pwd)
[ -z "${PLAYGROUND_PKG:-}" ] || PLAYGROUND_PKG=$(mkdir -p "$PLAYGROUND_PKG" && cd "$PLAYGROUND_PKG" && pwd)
cd "$(dirname "$0")/../.."

target=wasm32-unknown-unknown
profile=${PROFILE:-page}
web=$PWD/crates/playground/web
pkg=${PLAYGROUND_PKG:-$web/pkg}

version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
if [ "$(wasm-bindgen --version 2> /dev/null)" != "wasm-bindgen $version" ]; then
    echo "wasm-bindgen $version is needed: cargo install --locked wasm-bindgen-cli --version $version" >&2
    exit 1
fi
if ! rustc --print target-libdir --target "$target" 2> /dev/null | xargs test -d; then
    echo "the target $target is needed: rustup target add $target" >&2
    exit 1
fi

cargo build --profile "$profile" -p backburn-playground --target "$target"
folder=$profile
[ "$profile" != dev ] || folder=debug
built=${CARGO_TARGET_DIR:-target}/$target/$folder/backburn_playground.wasm

# The page that is there stays complete until the new one is.
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
wasm-bindgen --target web --no-typescript --remove-name-section --remove-producers-section --out-name playground --out-dir "$new" "$built"
mkdir -p "$pkg"
cp "$new/playground.js" "$new/playground_bg.wasm" "$pkg/"

# Web hosts send Brotli or gzip. The size with Brotli is shown if its program is there.
size() {
    printf '%-24s %9d bytes, %9d gzipped' "$1" "$(cat "${@:2}" | wc -c)" "$(cat "${@:2}" | gzip -9 | wc -c)"
    ! command -v brotli > /dev/null || printf ', %9d with Brotli' "$(cat "${@:2}" | brotli --quality=11 --stdout | wc -c)"
    echo
}
cd "$web"
files=(index.html service_worker.js style.css worker.js js/*.js)
size 'the WebAssembly' "$pkg/playground_bg.wasm"
size 'the whole page' "${files[@]}" "$pkg"/playground{.js,_bg.wasm}

[ -n "$out" ] || exit 0
mkdir -p "$out/js" "$out/pkg"
for file in "${files[@]}"; do
    cp "$file" "$out/$file"
done
cp "$pkg"/playground{.js,_bg.wasm} "$out/pkg/"
echo "the page is in $out"
