# syntax=docker/dockerfile:1
# A static program in a small image:
#   docker build -t trainer .
#   docker run -p 8080:8080 -e BACKBURN_TOKEN -v "$PWD/models:/models:ro" trainer \
#       serve /models/houses.safetensors --listen 0.0.0.0:8080

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
# The C library is linked into the program. A target is named so that the flag is not for build scripts.
ENV RUSTFLAGS="-C target-feature=+crt-static"
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
    && cargo build --locked --release -p trainer --features tls --target "$target" \
    && cp "target/$target/release/trainer" /trainer \
    && strip /trainer \
    && /trainer --version

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /trainer /trainer
EXPOSE 8080
ENTRYPOINT ["/trainer"]
CMD ["--help"]
