//! Compressed sound and AIFF with the tags, mistakes and damage that people's files have.

use std::path::Path;
use wms::audio::{self, Audio, ReadOptions};

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats");
    std::fs::read(folder.join(name)).unwrap()
}

fn read(bytes: &[u8]) -> Audio {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound");
    std::fs::write(&path, bytes).unwrap();
    audio::load(&path, None, ReadOptions::default()).unwrap()
}

/// Checks that a file loads like another one, without a warning.
fn loads_like(bytes: &[u8], fixture_name: &str) {
    let (got, want) = (read(bytes), read(&fixture(fixture_name)));
    assert!(want.warnings.is_empty(), "{:?}", want.warnings);
    assert_eq!(got.warnings, want.warnings);
    assert_eq!((got.sample_rate, got.samples.len()), (want.sample_rate, want.samples.len()));
    assert!(got.samples == want.samples);
}

/// The only warning of a file.
fn warning(audio: &Audio) -> &str {
    assert_eq!(audio.warnings.len(), 1, "{:?}", audio.warnings);
    &audio.warnings[0]
}

/// An ID3 tag with a picture of so many bytes, some of which look like a frame of an mp3.
fn id3(picture_bytes: u32) -> Vec<u8> {
    let mut picture = vec![0xff, 0xfb, 0x90, 0x64];
    picture.resize(picture_bytes as usize, 0x55);
    let size = |bytes: u32| [21, 14, 7, 0].map(|shift| (bytes >> shift & 0x7f) as u8);
    let frame = [&b"APIC"[..], &size(picture_bytes), &[0, 0], &picture].concat();
    [&b"ID3\x04\0\0"[..], &size(frame.len() as u32), &frame].concat()
}

#[test]
fn tags_around_the_sound_change_nothing() {
    for name in ["s16.flac", "layer3.mp3"] {
        loads_like(&[id3(300_000), fixture(name)].concat(), name);
        loads_like(&[id3(100), id3(1), fixture(name)].concat(), name);
    }
    let ape = [&b"APETAGEX\xd0\x07\0\0\x24\0\0\0\0\0\0\0\0\0\0\x80"[..], &[0; 8]].concat();
    let id3v1 = [&b"TAG"[..], &[b'x'; 125]].concat();
    loads_like(&[fixture("layer3.mp3"), ape, id3v1].concat(), "layer3.mp3");
    loads_like(&[fixture("layer3.mp3"), vec![0; 4000]].concat(), "layer3.mp3");
}

#[test]
fn mistakes_in_a_flac_header_change_nothing() {
    let whole = fixture("s16.flac");
    let mut wrong_sum = whole.clone();
    wrong_sum[26..42].fill(0x5a);
    loads_like(&wrong_sum, "s16.flac");
    for least in [0, 7_u16, u16::MAX] {
        let mut block = whole.clone();
        block[8..10].copy_from_slice(&least.to_be_bytes());
        loads_like(&block, "s16.flac");
    }
}

#[test]
fn what_is_lost_of_a_file_that_is_cut_short_is_told() {
    let ogg = fixture("vorbis.ogg");
    let audio = read(&[&ogg[..], &ogg[..ogg.len() - 200]].concat());
    assert_eq!(audio.samples.len(), 800);
    assert!(warning(&audio).contains("the end of its sound is missing"), "{}", warning(&audio));
}

#[test]
fn ogg_streams_that_follow_one_another_are_all_read() {
    let ogg = fixture("vorbis.ogg");
    let (one, two) = (read(&ogg), read(&[&ogg[..], &ogg].concat()));
    assert!(two.samples == [&one.samples[..], &one.samples].concat());
    assert!(two.warnings.is_empty(), "{:?}", two.warnings);
}

#[test]
fn bytes_that_are_no_mp3_are_left_out_and_told() {
    let mp3 = fixture("layer3.mp3").repeat(4);
    let alien: Vec<u8> = (0..700_u32).map(|n| ((n * 7919) >> 3) as u8 | 1).collect();
    let joined = read(&[&mp3[..], &alien, &mp3].concat());
    assert!(warning(&joined).contains("bytes that are no mp3"), "{}", warning(&joined));
    assert!(joined.samples.len() >= 6400, "{}", joined.samples.len());
    assert!(joined.samples.iter().all(|x| x.abs() < 0.5), "no noise comes of them");
}

#[test]
fn an_mp3_may_go_on_with_other_channels() {
    let (mono, stereo) = (fixture("mono.mp3").repeat(4), fixture("layer3.mp3").repeat(4));
    for (first, second) in [(&mono, &stereo), (&stereo, &mono)] {
        let audio = read(&[&first[..], second].concat());
        assert!(audio.samples.len() >= 6400, "{}", audio.samples.len());
        assert!(warning(&audio).contains("channels from"), "{}", warning(&audio));
    }
}

/// An AIFF file of the samples of `s16.aiff`, whose COMM chunk ends with `kind`.
fn aiff(form: &[u8], kind: &[u8], samples: &[u8], before: &[u8]) -> Vec<u8> {
    let chunk = |name: &[u8], body: &[u8]| {
        [name, &(body.len() as u32).to_be_bytes(), body, &[0][..body.len() % 2]].concat()
    };
    // Two channels, 800 frames of 16 bits, 8000 Hz as a number of 80 bits.
    let mut common = b"\0\x02\0\0\x03\x20\0\x10\x40\x0b\xfa\0\0\0\0\0\0\0".to_vec();
    common.extend(kind);
    let sound = [&[0; 8], samples].concat();
    let body = [form, before, &chunk(b"COMM", &common), &chunk(b"SSND", &sound)].concat();
    chunk(b"FORM", &body)
}

#[test]
fn aiff_files_of_every_layout_load_alike() {
    let whole = fixture("s16.aiff");
    let at = whole.windows(4).position(|name| name == b"SSND").unwrap() + 16;
    let samples = &whole[at..at + 3200];
    let swapped: Vec<u8> = samples.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
    let comment = b"COMT\0\0\0\x03abc\0";
    loads_like(&aiff(b"AIFF", b"", samples, b""), "s16.aiff");
    loads_like(&aiff(b"AIFF", b"", samples, comment), "s16.aiff");
    loads_like(&aiff(b"AIFC", b"NONE\0\0", samples, comment), "s16.aiff");
    loads_like(&aiff(b"AIFC", b"twos\0\0", samples, b""), "s16.aiff");
    loads_like(&aiff(b"AIFC", b"sowt\0\0", &swapped, b""), "s16.aiff");
}
