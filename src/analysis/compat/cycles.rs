//! Segments that end at their frame's edges, as `wms_torch` cuts them.

use crate::Result;
use crate::analysis::CycleSettings;
use crate::analysis::cycles::{Cutter, FADE, Place};
use crate::analysis::stages;
use ndarray::Array2;

/// A cutter whose segments never reach beyond their frames.
pub(super) fn cutter(settings: CycleSettings) -> Cutter {
    Cutter::with_placement(settings, place_within_frame)
}

/// The part of the segment of frame `index`, and of its fades, that lies within the frame.
fn place_within_frame(settings: &CycleSettings, index: usize, f0_hz: f32) -> Place {
    let place = settings.place(index, f0_hz);
    let frame_start = settings.framing.start(index);
    let frame_end = frame_start + settings.framing.window_size as isize;
    let start = place.start.max(frame_start);
    let end = (place.start + place.length as isize).min(frame_end);
    Place {
        start,
        length: (end - start) as usize,
        fades: [FADE.min((start - frame_start) as usize), FADE.min((frame_end - end) as usize)],
    }
}

/// Cycle frames of all frames, shape `(T, window_size)`, as `wms_torch` makes them.
///
/// This is [`analysis::cycle_frames`](crate::analysis::cycle_frames), except that a segment ends at
/// the edges of its frame.
///
/// # Errors
/// The same as [`analysis::cycle_frames`](crate::analysis::cycle_frames).
pub fn cycle_frames(
    signal: &[f32],
    f0_hz: &[f32],
    settings: &CycleSettings,
) -> Result<Array2<f32>> {
    stages::stretch_all(signal, f0_hz, settings, cutter)
}
