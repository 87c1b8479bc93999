//! Time of one network step, of one oscillator sample, and of the whole engine; one thread.
//!
//! Each line shows the best and the median of several repetitions. On a busy machine, the best is
//! closest to what the code can do. The argument `networks`, `oscillator` or `engine` runs that
//! part alone.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use wms::model::network::{StateDict, Tensor};
use wms::model::{BatchNetwork, Model, ModelConfig, Network, Precision, wms_torch};
use wms::synth::internals::{FrameClock, Oscillator, SAMPLES_PER_READ, TableBuilder};
use wms::synth::{Engine, EngineOptions, Event, Settings};

const REPETITIONS: usize = 40;

/// Times `work`, which makes `calls` calls, and prints the best and the median seconds per call,
/// multiplied by `scale` to be in `unit`.
fn measure(name: &str, unit: &str, scale: f64, calls: usize, mut work: impl FnMut()) {
    work();
    let mut times: Vec<f64> = (0..REPETITIONS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * scale / calls as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:44} {:8.2} {:8.2}  {unit}", times[0], times[REPETITIONS / 2]);
}

/// A network of `wms_torch` with these sizes, whose weights come from a fixed sequence.
fn network(inputs: usize, encoder: usize, hidden: usize, dense: &[usize]) -> Network {
    let mut random = 1u64;
    let mut tensors = StateDict::new();
    let mut put = |name: String, shape: &[usize]| {
        let count = shape.iter().product();
        let values = (0..count).map(|_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((random >> 40) as f32 / (1 << 23) as f32 - 1.0) / (hidden as f32).sqrt()
        });
        let data = values.collect();
        tensors.insert(name, Tensor { shape: shape.to_vec(), data });
    };
    put("input_encoder.0.weight".into(), &[encoder, inputs]);
    put("input_encoder.0.bias".into(), &[encoder]);
    put("gru.weight_ih_l0".into(), &[3 * hidden, encoder]);
    put("gru.weight_hh_l0".into(), &[3 * hidden, hidden]);
    put("gru.bias_ih_l0".into(), &[3 * hidden]);
    put("gru.bias_hh_l0".into(), &[3 * hidden]);
    let mut width = hidden;
    for (i, &outputs) in dense.iter().enumerate() {
        put(format!("dense_layers.{}.weight", 2 * i), &[outputs, width]);
        put(format!("dense_layers.{}.bias", 2 * i), &[outputs]);
        width = outputs;
    }
    Network::from_state_dict(tensors).expect("a consistent network")
}

fn steps(name: &str, network: &Network) {
    let mut state = network.state();
    let input = vec![0.3; network.input_size()];
    let mut output = vec![0.0; network.output_size()];
    measure(name, "us/step", 1e6, 200, || {
        for _ in 0..200 {
            network.step(&mut state, black_box(&input), &mut output);
        }
        black_box(&output);
    });
}

/// Times a step of `voices` voices in one batch, as the instrument computes them.
fn batches(name: &str, network: &Network, precision: Precision, voices: usize) {
    let fast = BatchNetwork::new(network, precision);
    let mut batch = fast.batch();
    let mut states = vec![network.state(); voices];
    let input = vec![0.3; network.input_size()];
    let mut output = vec![0.0; network.output_size()];
    let name = format!("{name}, {precision:?}, {voices} together");
    measure(&name, "us/step", 1e6, 200 * voices, || {
        for _ in 0..200 {
            batch.clear();
            for state in &states {
                batch.push(black_box(&input), state);
            }
            fast.step(&mut batch);
            for (lane, state) in states.iter_mut().enumerate() {
                batch.take(lane, state, &mut output);
            }
        }
        black_box(&output);
    });
}

fn oscillator() {
    let partials = 39;
    let mut oscillator = Oscillator::new(Arc::new(TableBuilder::new(partials)), partials);
    let amplitudes = vec![0.01; partials];
    oscillator.reset(&amplitudes, &amplitudes, 0.0, 0.005);
    let (mut output, increments) = (vec![0.0; 4096], [0.0046; SAMPLES_PER_READ]);
    measure("oscillator, 39 partials", "ns/sample", 1e9, output.len(), || {
        let mut clock = FrameClock::new(256, 16_000, 768_000.0).expect("usable rates");
        for run in output.chunks_mut(SAMPLES_PER_READ) {
            oscillator.process(&clock, black_box(&increments[..run.len()]), run);
            clock.advance(run.len());
        }
        black_box(&output);
    });
    measure("table, 39 partials", "us/table", 1e6, 100, || {
        for _ in 0..100 {
            oscillator.next_frame(black_box(&amplitudes), 0.005);
        }
    });
}

fn model(network: Network) -> Arc<Model> {
    let config = wms_torch::describe(&network, "bench", None).expect("a known network");
    let config = ModelConfig::from_json(config).expect("a consistent description");
    Arc::new(Model::new(config, network).expect("a playable network"))
}

/// An engine that plays `voices` notes.
fn playing(model: &Arc<Model>, voices: usize, noise: f64) -> Engine {
    let settings = Settings { noise, ..Settings::default() };
    let options = EngineOptions { max_voices: voices, settings, ..EngineOptions::default() };
    let mut engine = Engine::new(Arc::clone(model), &options).expect("usable options");
    for i in 0..voices {
        engine.handle(Event::NoteOn { channel: 0, note: 36 + i as u8, velocity: 0.8 });
    }
    engine
}

fn engine(model: &Arc<Model>, voices: usize, noise: f64) {
    let mut engine = playing(model, voices, noise);
    let (mut left, mut right) = ([0.0; 64], [0.0; 64]);
    let blocks = 150;
    // Per cent of the duration of 64 samples at 48 kHz.
    let scale = 100.0 * 48_000.0 / 64.0;
    let name = format!("engine, {voices} voices, blocks of 64, noise {noise}");
    measure(&name, "% of a core", scale, blocks, || {
        for _ in 0..blocks {
            engine.process(&mut left, &mut right);
        }
        black_box(&left);
    });
}

/// Plays ten minutes of chords in blocks of 32 samples, and prints which share of its duration the
/// slowest block takes to compute.
fn worst_block(model: &Arc<Model>) {
    let mut engine = playing(model, 16, 1.0);
    let (mut left, mut right) = ([0.0; 32], [0.0; 32]);
    let block_s = 32.0 / 48_000.0;
    let blocks = (600.0 / block_s) as usize;
    let mut shares: Vec<f64> = Vec::with_capacity(blocks);
    for block in 0..blocks {
        // A note every 50 ms, a chord of eight every second.
        let notes = if block % 1500 == 0 { 8 } else { usize::from(block % 75 == 0) };
        let start = Instant::now();
        for note in 0..notes {
            let note = 36 + ((block / 75 * 7 + 5 * note) % 60) as u8;
            engine.handle(Event::NoteOn { channel: 0, note, velocity: 0.8 });
        }
        engine.process(&mut left, &mut right);
        black_box(&left);
        shares.push(100.0 * start.elapsed().as_secs_f64() / block_s);
    }
    shares.sort_by(f64::total_cmp);
    let at = |share: f64| shares[(share * (blocks - 1) as f64) as usize];
    println!(
        "10 minutes, 16 voices, blocks of 32: median {:.1}, p99 {:.1}, p99.9 {:.1}, worst {:.1} % of a block",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

fn main() {
    println!("{:44} {:>8} {:>8}", "", "best", "median");
    let part = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |name| part.as_deref().is_none_or(|part| part == name);
    if wanted("networks") {
        networks();
    }
    if wanted("oscillator") {
        oscillator();
    }
    if wanted("engine") {
        let model = model(network(10, 10, 256, &[256, 80]));
        engine(&model, 16, 0.0);
        engine(&model, 16, 1.0);
        engine(&model, 64, 1.0);
        worst_block(&model);
    }
}

fn networks() {
    let networks =
        [("2024-11", network(5, 13, 132, &[513])), ("2026-08", network(10, 10, 256, &[256, 80]))];
    for (name, network) in &networks {
        steps(&format!("{name}, one voice, single precision"), network);
        for voices in [1, 2, 4] {
            batches(name, network, Precision::Reduced, voices);
        }
    }
}
