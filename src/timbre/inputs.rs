//! The network's pitch input.

/// Default offset in Hz that keeps the logarithm in [`log_pitch`] finite at the lowest pitch.
pub const PITCH_OFFSET: f64 = 1e-4;

/// The network's pitch input: `ln(max(f0, f_low) - f_low + offset)`, all in Hz.
///
/// `wms_torch` uses [`PITCH_OFFSET`] as the offset and computes in single precision. So does this
/// function, because near `f_low` rounding changes the value noticeably.
pub fn log_pitch(f0_hz: f32, f_low_hz: f64, offset: f64) -> f32 {
    let low = f_low_hz as f32;
    (f0_hz.max(low) - low + offset as f32).ln()
}
