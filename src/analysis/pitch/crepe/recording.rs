//! CREPE on recordings at any sample rate: the network gets a copy resampled to 16 kHz.

use super::{Crepe, DecoderKind, Grid, SAMPLE_RATE_HZ};
use crate::Result;
use crate::Watch;
use crate::analysis::frame::check_size;
use crate::analysis::pitch::{PitchTrack, PitchTracker};
use crate::audio::resample::Resampler;
use crate::params::AnalysisParams;
use ndarray::Array2;
use std::borrow::Cow;

/// Tracks pitch by CREPE.
pub(crate) struct CrepeTracker {
    sample_rate: u32,
    hop_length: usize,
    range_hz: (f64, f64),
    decoder: DecoderKind,
}

impl CrepeTracker {
    /// A tracker in the range of the parameters.
    pub fn new(params: &AnalysisParams, decoder: DecoderKind) -> Self {
        Self {
            sample_rate: params.sample_rate,
            hop_length: params.hop_size,
            range_hz: (params.f_low_hz, params.f_high_hz),
            decoder,
        }
    }
}

impl PitchTracker for CrepeTracker {
    fn track(&self, signal: &[f32], first: usize, watch: &Watch) -> Result<PitchTrack> {
        let (copy, grid) = resampled(signal, first, self.sample_rate, self.hop_length)?;
        Crepe::shared()?.track_frames(&copy, &grid, self.range_hz, self.decoder, watch)
    }
}

/// Tracks the pitch of audio at any sample rate (Hz) by CREPE.
///
/// `hop_length` is the distance of frames in samples, `range_hz` the lowest and highest frequency.
/// The track has `1 + n / hop_length` frames for n samples. Its voicedness is what torchcrepe calls
/// periodicity: the confidence in the pitch, 0 to 1.
///
/// # Examples
/// ```
/// use wms::Watch;
/// use wms::analysis::pitch::crepe::DecoderKind;
/// use wms::analysis::pitch::crepe_track;
///
/// let step = std::f32::consts::TAU * 220.0 / 48_000.0;
/// let signal: Vec<f32> = (0..12_000).map(|n| 0.5 * (step * n as f32).sin()).collect();
/// let range_hz = (46.0, 1600.0);
/// let track =
///     crepe_track(&signal, 48_000, 480, range_hz, DecoderKind::Own, &Watch::default())?;
/// assert_eq!(track.f0_hz.len(), 26);
/// assert!((track.f0_hz[12] - 220.0).abs() < 0.5 && track.voicedness[12] > 0.5);
/// # Ok::<(), wms::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if the hop is 0 or the range is empty or outside
/// the network's; [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn crepe_track(
    signal: &[f32],
    sample_rate: u32,
    hop_length: usize,
    range_hz: (f64, f64),
    decoder: DecoderKind,
    watch: &Watch,
) -> Result<PitchTrack> {
    CrepeTracker { sample_rate, hop_length, range_hz, decoder }.track(signal, 0, watch)
}

/// CREPE's probability of every pitch bin, for audio at any sample rate (Hz).
///
/// `hop_length` is the distance of frames in samples. The result has shape `(T, crepe::BINS)` with
/// `T = 1 + n / hop_length` for n samples.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if the hop is 0;
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn crepe_probabilities(
    signal: &[f32],
    sample_rate: u32,
    hop_length: usize,
    watch: &Watch,
) -> Result<Array2<f32>> {
    let (copy, grid) = resampled(signal, 0, sample_rate, hop_length)?;
    Crepe::shared()?.probabilities_of(&copy, &grid, watch)
}

/// A copy of `signal` at the network's rate, and where its frames lie. `signal` begins at the
/// centre of the recording's frame `first`.
fn resampled(
    signal: &[f32],
    first: usize,
    sample_rate: u32,
    hop_length: usize,
) -> Result<(Cow<'_, [f32]>, Grid)> {
    check_size("hop_length", hop_length)?;
    let network_rate = SAMPLE_RATE_HZ as u32;
    let start = (first * hop_length) as u64;
    let (copy, origin) = if sample_rate == network_rate {
        (Cow::Borrowed(signal), start)
    } else {
        // Exactly the samples that a copy of the whole recording has here.
        let resampler = Resampler::new(sample_rate, network_rate)?;
        let wanted = resampler.length(start)..resampler.length(start + signal.len() as u64);
        let origin = wanted.start;
        (Cow::Owned(resampler.part(signal, start, wanted)), origin)
    };
    let grid = Grid {
        frames: 1 + signal.len() / hop_length,
        hop: hop_length as f64 * SAMPLE_RATE_HZ / f64::from(sample_rate),
        first,
        origin: origin as usize,
    };
    Ok((copy, grid))
}
