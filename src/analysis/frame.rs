//! Cuts a recording into centred frames.

use super::sums::{sum, sum_of_squares};
use crate::{Error, Result};

/// Longest frame, hop or transform that a stage accepts, in samples: far more than is useful, but
/// little enough to fit into any computer's memory.
pub(crate) const MAX_SIZE: usize = 1 << 20;

/// Checks that a size is neither 0 nor too large to work with.
///
/// # Errors
/// [`Error::Parameter`] names the argument, its value and what is wanted.
pub(crate) fn check_size(name: &str, value: usize) -> Result<()> {
    if (1..=MAX_SIZE).contains(&value) {
        Ok(())
    } else {
        Err(Error::Parameter(format!("{name} is {value}, wanted 1 to {MAX_SIZE}")))
    }
}

/// Frames of `window_size` samples every `hop_size` samples; frame `i` is centred on sample
/// `i * hop_size`, and the recording is zero outside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// Length of a frame in samples.
    pub window_size: usize,
    /// Samples from one frame to the next.
    pub hop_size: usize,
}

impl Framing {
    /// Number of frames of a recording with this many samples: `1 + samples / hop_size`.
    pub fn count(self, samples: usize) -> usize {
        1 + samples / self.hop_size
    }

    /// The sample that frame `index` is centred on.
    pub fn centre(self, index: usize) -> isize {
        (index * self.hop_size) as isize
    }

    /// First sample of frame `index`; negative at the start of the recording.
    pub fn start(self, index: usize) -> isize {
        self.centre(index) - (self.window_size / 2) as isize
    }
}

/// Copies `signal[start..start + out.len()]`, with zeros where there is no signal.
pub(crate) fn copy_padded(signal: &[f32], start: isize, out: &mut [f32]) {
    let length = signal.len() as isize;
    let end = start + out.len() as isize;
    let from = start.clamp(0, length);
    let to = end.clamp(from, length);
    if from == to {
        out.fill(0.0);
        return;
    }
    let lead = (from - start) as usize;
    let tail = lead + (to - from) as usize;
    out[..lead].fill(0.0);
    out[lead..tail].copy_from_slice(&signal[from as usize..to as usize]);
    out[tail..].fill(0.0);
}

/// Copies the samples from `start` on. Samples outside the audio, NaN and infinity become zeros.
pub(crate) fn copy_finite(audio: &[f32], start: isize, out: &mut [f32]) {
    copy_padded(audio, start, out);
    for x in out {
        if !x.is_finite() {
            *x = 0.0;
        }
    }
}

/// Subtracts the mean.
pub(crate) fn remove_mean(samples: &mut [f32]) {
    let mean = (sum(samples) / samples.len() as f64) as f32;
    for x in samples {
        *x -= mean;
    }
}

/// How much of a frame's sound lies in its middle rather than at its ends, 0 to 1.
///
/// This is four times the share of the frame's energy that lies in its middle half, limited to 1. A
/// steady sound, whose share is a half, gets 1.
pub(crate) fn presence(frame: &[f32]) -> f64 {
    let quarter = frame.len() / 4;
    let total = sum_of_squares(frame, 0.0);
    let middle = sum_of_squares(&frame[quarter..frame.len() - quarter], 0.0);
    if total > 0.0 { (4.0 * middle / total).min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_is_zero() {
        let signal = [1.0, 2.0, 3.0];
        for (start, want) in
            [(-2, [0.0, 0.0, 1.0, 2.0]), (-9, [0.0; 4]), (1, [2.0, 3.0, 0.0, 0.0]), (7, [0.0; 4])]
        {
            let mut out = [9.0; 4];
            copy_padded(&signal, start, &mut out);
            assert_eq!(out, want, "from {start}");
        }
        let mut out = [9.0; 2];
        copy_padded(&[], 0, &mut out);
        assert_eq!(out, [0.0; 2]);
    }

    #[test]
    fn a_sound_at_the_ends_is_not_present() {
        let step = |from: usize| (0..1024).map(|i| f32::from(u8::from(i >= from))).collect();
        let rising: Vec<Vec<f32>> = [0, 512, 704, 768, 1024].map(step).into();
        let found: Vec<f64> = rising.iter().map(|frame| presence(frame)).collect();
        assert_eq!(found, [1.0, 1.0, 0.8, 0.0, 0.0]);
        assert_eq!(presence(&[]), 0.0);
    }

    #[test]
    fn counts_as_centred_framing_does() {
        let framing = Framing { window_size: 1024, hop_size: 256 };
        assert_eq!((framing.count(0), framing.count(255), framing.count(256)), (1, 1, 2));
        assert_eq!(framing.start(0), -512);
    }
}
