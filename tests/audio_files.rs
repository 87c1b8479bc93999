//! Audio files of every kind and fault that people have, made here byte by byte.

use std::path::{Path, PathBuf};
use tempfile::TempDir;
use wms::audio::{self, Audio, Channel, ReadOptions, WavSubtype};
use wms::corpus::{Store, analyze_files};
use wms::params::Params;
use wms::{Result, Watch};

const RATE: u32 = 8000;

/// A tenth of a second of a sine, peak 0.5.
fn tone() -> Vec<f32> {
    (0..800).map(|n| 0.5 * (n as f32 * 0.3).sin()).collect()
}

fn bytes_of(samples: &[f32], bytes: usize) -> Vec<u8> {
    let code = |x: &f32| {
        let whole = (f64::from(*x) * 2_f64.powi(31)) as i32;
        whole.to_le_bytes()[4 - bytes..].to_vec()
    };
    samples.iter().flat_map(code).collect()
}

fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend((body.len() as u32).to_le_bytes());
    chunk.extend(body);
    chunk.resize(chunk.len() + body.len() % 2, 0);
    chunk
}

fn fmt(format: u16, channels: u16, bits: u16, block: u16, more: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(format.to_le_bytes());
    body.extend(channels.to_le_bytes());
    body.extend(RATE.to_le_bytes());
    body.extend((RATE * u32::from(block)).to_le_bytes());
    body.extend(block.to_le_bytes());
    body.extend(bits.to_le_bytes());
    body.extend(more);
    chunk(b"fmt ", &body)
}

fn riff(parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut file = b"RIFF".to_vec();
    file.extend((body.len() as u32 + 4).to_le_bytes());
    file.extend(b"WAVE");
    file.extend(body);
    file
}

/// A plain 16-bit wav, with the number that stands before its samples.
fn wav_of_size(size: u32) -> Vec<u8> {
    let mut file = riff(&[&fmt(1, 1, 16, 2, &[]), &chunk(b"data", &bytes_of(&tone(), 2))]);
    file[40..44].copy_from_slice(&size.to_le_bytes());
    file
}

struct Case {
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self, bytes: &[u8]) -> Result<Audio> {
        audio::load(&self.write("x.wav", bytes), None, ReadOptions::default())
    }

    fn is_tone(&self, what: &str, bytes: &[u8], tolerance: f32) -> Vec<String> {
        let audio = self.read(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((audio.samples.len(), audio.sample_rate), (800, RATE), "{what}");
        for (got, want) in audio.samples.iter().zip(tone()) {
            assert!((got - want).abs() <= tolerance, "{what}: {got} for {want}");
        }
        audio.warnings
    }
}

#[test]
fn wav_files_of_every_layout_load_alike() {
    let case = Case::new();
    let extensible = |valid: u16, format: u16| {
        let guid = b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
        let mut more = vec![22, 0];
        more.extend(valid.to_le_bytes());
        more.extend([4, 0, 0, 0]);
        more.extend(format.to_le_bytes());
        more.extend(guid);
        more
    };
    let floats: Vec<u8> = tone().iter().flat_map(|x| x.to_le_bytes()).collect();
    let doubles: Vec<u8> = tone().iter().flat_map(|x| f64::from(*x).to_le_bytes()).collect();
    let unsigned: Vec<u8> = tone().iter().map(|x| (x * 128.0 + 128.0) as u8).collect();
    let data = |bytes: usize| chunk(b"data", &bytes_of(&tone(), bytes));
    let list = chunk(b"LIST", b"INFOISFT\x03\0\0\0abc");
    let unpadded = [&b"odd \x03\0\0\0abc"[..]].concat();
    let files: Vec<(&str, Vec<u8>, f32)> = vec![
        ("8 bits", riff(&[&fmt(1, 1, 8, 1, &[]), &chunk(b"data", &unsigned)]), 1.0 / 127.0),
        ("16 bits", riff(&[&fmt(1, 1, 16, 2, &[]), &data(2)]), 1.0 / 32767.0),
        ("12 bits in 16", riff(&[&fmt(1, 1, 12, 2, &[]), &data(2)]), 1.0 / 32767.0),
        ("24 bits", riff(&[&fmt(1, 1, 24, 3, &[]), &data(3)]), 1e-6),
        ("24 bits in 32", riff(&[&fmt(1, 1, 24, 4, &[]), &data(4)]), 1e-6),
        ("24 of 32 bits", riff(&[&fmt(0xfffe, 1, 32, 4, &extensible(24, 1)), &data(4)]), 1e-6),
        ("20 of 24 bits", riff(&[&fmt(0xfffe, 1, 24, 3, &extensible(20, 1)), &data(3)]), 1e-6),
        ("32 bits, 18 bytes", riff(&[&fmt(1, 1, 32, 4, &[0, 0]), &data(4)]), 1e-6),
        ("format of 20 bytes", riff(&[&fmt(1, 1, 16, 2, &[2, 0, 9, 9]), &data(2)]), 1e-4),
        ("wrong block", riff(&[&fmt(1, 1, 16, 99, &[]), &data(2)]), 1e-4),
        ("float", riff(&[&fmt(3, 1, 32, 4, &[]), &chunk(b"data", &floats)]), 0.0),
        ("double", riff(&[&fmt(3, 1, 64, 8, &[]), &chunk(b"data", &doubles)]), 0.0),
        (
            "extensible float",
            riff(&[&fmt(0xfffe, 1, 32, 4, &extensible(32, 3)), &chunk(b"data", &floats)]),
            0.0,
        ),
        ("odd chunk", riff(&[&fmt(1, 1, 16, 2, &[]), &list, &data(2)]), 1e-4),
        ("odd chunk, no padding", riff(&[&fmt(1, 1, 16, 2, &[]), &unpadded, &data(2)]), 1e-4),
        (
            "junk first",
            riff(&[&chunk(b"JUNK", &[0; 4001]), &fmt(1, 1, 16, 2, &[]), &data(2)]),
            1e-4,
        ),
        ("format behind data", riff(&[&data(2), &fmt(1, 1, 16, 2, &[])]), 1e-4),
        ("chunk behind data", riff(&[&fmt(1, 1, 16, 2, &[]), &data(2), &list]), 1e-4),
        ("size unknown", wav_of_size(u32::MAX), 1e-4),
        ("size of a pipe", wav_of_size(0x7fff_f000), 1e-4),
    ];
    for (what, bytes, tolerance) in &files {
        assert_eq!(case.is_tone(what, bytes, *tolerance), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn big_endian_and_long_wav_files_load() {
    let case = Case::new();
    let swapped = |number: u32| number.to_be_bytes();
    let samples: Vec<u8> =
        bytes_of(&tone(), 3).chunks(3).flat_map(|s| s.iter().rev().copied()).collect();
    let mut rifx = b"RIFX".to_vec();
    rifx.extend(swapped(36 + samples.len() as u32));
    rifx.extend(b"WAVEfmt ");
    rifx.extend(swapped(16));
    rifx.extend([0, 1, 0, 1]);
    rifx.extend(swapped(RATE));
    rifx.extend(swapped(RATE * 3));
    rifx.extend([0, 3, 0, 24]);
    rifx.extend(b"data");
    rifx.extend(swapped(samples.len() as u32));
    rifx.extend(samples);
    assert!(case.is_tone("RIFX", &rifx, 1e-6).is_empty());

    let mut sizes = vec![0; 28];
    sizes[8..16].copy_from_slice(&1600_u64.to_le_bytes());
    let data = [&b"data\xff\xff\xff\xff"[..], &bytes_of(&tone(), 2)].concat();
    let mut rf64 =
        riff(&[&chunk(b"ds64", &sizes), &fmt(1, 1, 16, 2, &[]), &data, &chunk(b"LIST", b"abcd")]);
    for name in [b"RF64", b"BW64"] {
        rf64[..4].copy_from_slice(name);
        assert!(case.is_tone("RF64", &rf64, 1e-4).is_empty());
    }
}

#[test]
fn damaged_wav_files_give_what_is_there_and_a_warning() {
    let case = Case::new();
    let told = |bytes: &[u8], samples: usize, line: &str| {
        let audio = case.read(bytes).unwrap();
        assert_eq!(audio.samples.len(), samples, "{line}");
        assert!(audio.warnings.iter().any(|w| w.contains(line)), "{:?} for {line}", audio.warnings);
        assert_eq!(audio.warnings.len(), 1);
    };
    told(&wav_of_size(0), 800, "says that it holds no sound");
    told(&wav_of_size(3200), 800, "is cut short: 0.10 s of 0.20 s are there");
    let odd = [&wav_of_size(1601)[..], &[1]].concat();
    told(&odd, 800, "ends within a sample; 1 byte of it left out");
    let mut more = wav_of_size(1600);
    more.extend([0xff; 100]);
    told(&more, 800, "100 bytes behind its sound are of no known kind");
}

#[test]
fn damaged_headers_are_refused_in_one_line() {
    let case = Case::new();
    let refused = |bytes: &[u8]| {
        let line = case.read(bytes).unwrap_err().to_string();
        assert!(line.contains("x.wav: ") && !line.contains('\n'), "{line}");
        line
    };
    let whole = wav_of_size(1600);
    for kept in [5, 13, 20, 30, 44] {
        refused(&whole[..kept]);
    }
    let header =
        |format, channels, bits| riff(&[&fmt(format, channels, bits, 2, &[]), &whole[36..]]);
    assert!(refused(&header(1, 0, 16)).contains("0 channels at 8000 Hz, wanted 1 to 64"));
    assert!(refused(&header(1, 999, 16)).contains("999 channels"));
    assert!(refused(&header(1, 1, 99)).contains("samples of 99 bits, wanted"));
    let line = refused(&header(0x31, 1, 0));
    assert!(line.contains("GSM 6.10, which cannot be read; convert it: ffmpeg -i x.wav"), "{line}");
    assert!(refused(b"this is no sound, whatever its name says").contains("not a readable wav, "));
}

/// Samples of two channels, interleaved, as a float wav.
fn stereo(case: &Case, frames: impl Iterator<Item = [f32; 2]>) -> PathBuf {
    let samples: Vec<f32> = frames.flatten().collect();
    let path = case.path("stereo.wav");
    audio::write_wav(&path, &samples, 2, RATE, WavSubtype::Float).unwrap();
    path
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}

#[test]
fn channels_that_cancel_are_told_and_the_left_one_is_taken() {
    let case = Case::new();
    let path = stereo(&case, tone().into_iter().map(|x| [x, -x]));
    let read = |options| audio::load(&path, None, options).unwrap();
    let mended = read(ReadOptions::default());
    assert_eq!(mended.samples, tone());
    assert!(mended.warnings[0].contains("channels cancel"), "{:?}", mended.warnings);
    let stored = read(ReadOptions { as_stored: true, ..ReadOptions::default() });
    assert_eq!((peak(&stored.samples), stored.warnings), (0.0, vec![]));
    let right = read(ReadOptions { channel: Channel::Right, as_stored: false });
    assert_eq!((right.samples[1], right.warnings), (-tone()[1], vec![]));
    // Channels that merely differ are mixed.
    let path = stereo(&case, tone().into_iter().zip(0..).map(|(x, n)| [x, (n as f32).sin()]));
    assert!(audio::load(&path, None, ReadOptions::default()).unwrap().warnings.is_empty());
}

#[test]
fn samples_far_beyond_full_scale_are_scaled() {
    let case = Case::new();
    let path = case.path("loud.wav");
    let write = |gain: f32| {
        let samples: Vec<f32> = tone().iter().map(|x| x * gain).collect();
        audio::write_wav(&path, &samples, 1, RATE, WavSubtype::Float).unwrap();
        audio::load(&path, None, ReadOptions::default()).unwrap()
    };
    let loud = write(60_000.0);
    assert!((peak(&loud.samples) - 1.0).abs() < 1e-6);
    assert!(loud.warnings[0].contains("were scaled to 1"), "{:?}", loud.warnings);
    let left_alone = write(10.0);
    assert!(peak(&left_alone.samples) > 4.9 && left_alone.warnings.is_empty());
}

#[test]
fn warnings_are_kept_with_the_frames() {
    let case = Case::new();
    let params = Params::default();
    let good: Vec<f32> = (0..8000).map(|n| 0.3 * (n as f32 * 0.2).sin()).collect();
    audio::write_wav(&case.path("a.wav"), &good, 1, RATE, WavSubtype::Pcm16).unwrap();
    let mut cut = std::fs::read(case.path("a.wav")).unwrap();
    cut.truncate(12_044);
    let files = [case.path("a.wav"), case.write("b.wav", &cut)];
    let watch = Watch::default();
    let frames = analyze_files(&files, &params, Channel::Mix, &watch).unwrap();
    let line = format!("{}: is cut short: 0.75 s of 1.00 s are there", files[1].display());
    let is_told = |warnings: &[wms::corpus::Remark]| {
        assert_eq!(warnings.len(), 1);
        assert_eq!((&warnings[0].path, &warnings[0].message), (&files[1], &line));
    };
    is_told(&frames.warnings);
    frames.save(&case.path("f.safetensors")).unwrap();
    is_told(&wms::corpus::Frames::load(&case.path("f.safetensors")).unwrap().warnings);

    let folder = case.path("store");
    let update = |channel| Store::update(&folder, &files, &params, channel, false, &watch).unwrap();
    is_told(&update(Channel::Mix).warnings());
    let again = update(Channel::Mix);
    assert_eq!(again.kept, 2);
    is_told(&again.warnings());
    is_told(&Store::open(&folder).unwrap().load().unwrap().warnings);
    // Another channel is another analysis.
    assert_eq!(update(Channel::Left).kept, 0);
}

fn names(folder: &Path) -> (Vec<String>, Vec<String>) {
    let found = audio::list(folder).unwrap();
    let name = |path: &PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
    (found.files.iter().map(name).collect(), found.warnings.into_iter().map(|w| w.1).collect())
}

#[cfg(unix)]
#[test]
fn folders_with_links_and_pipes_end_and_list_each_file_once() {
    use std::os::unix::fs::symlink;
    let case = Case::new();
    let folder = case.path("f");
    let mut deep = folder.clone();
    (0..40).for_each(|n| deep.push(format!("d{n}")));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("deep.wav"), wav_of_size(1600)).unwrap();
    std::fs::write(folder.join("z.wav"), wav_of_size(1600)).unwrap();
    std::fs::write(folder.join("noname"), wav_of_size(1600)).unwrap();
    std::fs::write(folder.join("notes.txt"), "no sound").unwrap();
    let opus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats_not_read/opus.ogg");
    std::fs::copy(opus, folder.join("c.opus")).unwrap();
    std::fs::write(folder.join("b.wma"), b"\x30\x26\xb2\x75").unwrap();
    symlink(&folder, folder.join("d0/parent")).unwrap();
    symlink(folder.join("two"), folder.join("one")).unwrap();
    symlink(folder.join("one"), folder.join("two")).unwrap();
    symlink(folder.join("z.wav"), folder.join("a.wav")).unwrap();
    std::fs::hard_link(folder.join("z.wav"), folder.join("zz.wav")).unwrap();
    symlink("/dev/zero", folder.join("zero.wav")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.join("pipe.wav")).status();
    assert!(made.unwrap().success());

    let (files, warnings) = names(&folder);
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(files[0].ends_with("d39/deep.wav"));
    assert_eq!(files[1..], ["noname", "z.wav"].map(String::from)[..]);
    let told = |text: &str| warnings.iter().filter(|line| line.contains(text)).count();
    assert_eq!(told("was taken once"), 2, "{warnings:?}");
    assert_eq!(told("is no file but a device or a pipe"), 2, "{warnings:?}");
    assert_eq!(told("2 files are not audio that can be read: b.wma, c.opus"), 1, "{warnings:?}");
    // Named by themselves, neither blocks.
    for name in ["pipe.wav", "zero.wav"] {
        let path = folder.join(name);
        assert!(audio::list(&path).unwrap_err().to_string().contains("a device or a pipe"));
        assert!(audio::info(&path).unwrap_err().to_string().contains("a device or a pipe"));
    }
}

#[test]
fn kinds_that_are_not_read_are_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats_not_read");
    for (name, kind) in
        [("opus.ogg", "Opus"), ("opus.mkv", "Opus"), ("au.au", "Sun AU"), ("w64.w64", "Sony W64")]
    {
        let line = audio::info(&folder.join(name)).unwrap_err().to_string();
        assert!(line.contains(&format!("is {kind}, which cannot be read; convert it: ffmpeg")));
        assert!(line.contains(name), "{line}");
    }
}
