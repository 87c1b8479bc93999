//! Segments have the same lengths as in `wms_torch`, for every fundamental in the golden data.

use safetensors::SafeTensors;
use wms::Params;

#[test]
fn segments_are_as_long_as_wms_torchs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/golden/segments.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let (f0_hz, length) = (tensors.tensor("f0_hz").unwrap(), tensors.tensor("length").unwrap());
    let f0_hz = f0_hz.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
    let length = length.data().as_chunks().0.iter().map(|b| u16::from_le_bytes(*b));
    let settings = Params::default().analysis().cycle_settings();
    let pairs: Vec<(f32, u16)> = f0_hz.zip(length).collect();
    assert!(pairs.len() > 1000);
    for (f0_hz, length) in pairs {
        assert_eq!(settings.segment_length(f0_hz), usize::from(length), "at {f0_hz} Hz");
    }
}
