//! Trains an `Mlp` on a device of another program, through `burn-remote`. Only the device differs: the
//! training loop is the same on this program's own device.
//!
//! Here, a thread of this program is the server, at a port of the local machine. Elsewhere, it is a
//! program on the machine with the GPU:
//! `RemoteServer::new([Device::cuda(0)]).serve(WebSocketTransport::new(3000))`.
//! The traffic is not encrypted, so it belongs in a network that you trust.
//!
//! ```text
//! cargo run -p backburn-examples --features remote --bin remote_device
//! ```

use std::error::Error;
use std::net::TcpListener;

use backburn_examples::println;
use backburn_model::{Activation, Mlp, MlpConfig};
use burn::module::Module;
use burn::nn::loss::{MseLoss, Reduction};
use burn::optim::{AdamConfig, GradientsParams};
use burn::remote::RemoteHost;
use burn::server::{RemoteServer, WebSocketTransport};
use burn::tensor::{Device, Tensor};
use tokio::runtime::Runtime;

/// Serves a device at a free port, for as long as the runtime lives. Returns the address.
fn serve(device: Device, runtime: &Runtime) -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("ws://{}", listener.local_addr()?);
    let server = RemoteServer::new([device]);
    let serving = server.serve_async(WebSocketTransport::from_listener(listener));
    runtime.spawn(async move {
        if let Err(error) = serving.await {
            eprintln!("the server has ended: {error}");
        }
    });
    Ok(address)
}

/// Trains a copy of the network on the exclusive or (XOR). Returns the last loss.
fn train(mlp: &Mlp, device: &Device) -> f32 {
    let autodiff = device.clone().autodiff();
    let inputs = Tensor::<2>::from_floats([[0., 0.], [0., 1.], [1., 0.], [1., 1.]], &autodiff);
    let targets = Tensor::<2>::from_floats([[0.], [1.], [1.], [0.]], &autodiff);
    let mut mlp = mlp.clone().fork(device).train();
    let mut optimizer = AdamConfig::new().init();
    let mut last = f32::NAN;
    for step in 1..=200 {
        let outputs = mlp.forward(inputs.clone());
        let loss = MseLoss::new().forward(outputs, targets.clone(), Reduction::Mean);
        let gradients = GradientsParams::from_grads(loss.backward(), &mlp);
        mlp = optimizer.step(3e-2, mlp, gradients);
        // To read a number is to wait for the device, so it is not done in each step.
        if step % 50 == 0 {
            last = loss.into_scalar();
            println!("  step {step:3}  loss {last:.5}");
        }
    }
    last
}

fn main() -> Result<(), Box<dyn Error>> {
    let local = Device::default();
    local.seed(0);
    let mlp = MlpConfig::new(2, 1)
        .with_hidden([8])
        .with_activation(Activation::Tanh)
        .init(&local)?;

    let runtime = Runtime::new()?;
    let address = serve(local.clone(), &runtime)?;
    let remote = Device::remote_options(&RemoteHost::websocket(&address)).init()?;
    println!("on the device of {address}:");
    let there = train(&mlp, &remote);
    println!("on this program's own device:");
    let here = train(&mlp, &local);
    assert!((there - here).abs() < 1e-4, "the losses differ");
    runtime.shutdown_background();
    Ok(())
}
