//! The network's pitch input.

/// Offset that keeps the logarithm finite at the lowest pitch, Hz.
pub const PITCH_OFFSET: f64 = 1e-4;

/// `log(max(f0, f_low) - f_low + offset)`, as `wms_torch` feeds pitch to its networks (with
/// [`PITCH_OFFSET`]).
///
/// It is computed in single precision, as `wms_torch` does: near `f_low` the rounding is part of the value.
pub fn log_pitch(f0_hz: f32, f_low_hz: f64, offset: f64) -> f32 {
    let low = f_low_hz as f32;
    (f0_hz.max(low) - low + offset as f32).ln()
}
