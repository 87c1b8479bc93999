//! The parameters that affect the results of the analysis, as typed fields, and the checks that
//! involve several of them.

use crate::error::{Error, Result};
use serde_json::{Map, Value};

/// Mel bands of librosa's MFCC. `wms_torch`'s branch `main` always uses this number and ignores
/// `n_mel`.
pub(crate) const LIBROSA_BANDS: usize = 128;

/// Which program's results the analysis reproduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compatibility {
    /// This project's own: recordings are analysed one by one, and each frame's features depend on
    /// that frame alone.
    Own,
    /// Those of `wms_torch`'s branch `main` (2026-08-13), without its crashes.
    Main,
    /// Those of `wms_torch`'s branch `dev` (2026-08-15), without its crashes.
    Dev,
}

/// How the fundamental frequency is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PitchMethod {
    /// The CREPE network.
    Crepe,
    /// Probabilistic YIN.
    Pyin,
    /// YIN.
    Yin,
}

/// The parameters that affect the results of the analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisParams {
    /// Rate in Hz that recordings are resampled to.
    pub sample_rate: u32,
    /// Samples from the start of one frame to the start of the next.
    pub hop_size: usize,
    /// Length of a frame in samples.
    pub window_size: usize,
    /// Length of the Fourier transforms in samples, at least `window_size`.
    pub n_fft: usize,
    /// Number of spectrum bins that are kept, from 0 Hz up.
    pub n_bins: usize,
    /// Cycles of the fundamental in a cycle frame; with 0, frames are not stretched to their pitch.
    pub cycles_per_window: usize,
    /// Number of mel-frequency cepstral coefficients.
    pub n_mfcc: usize,
    /// Number of mel bands.
    pub n_mel: usize,
    /// Lowest fundamental frequency searched, Hz.
    pub f_low_hz: f64,
    /// Highest fundamental frequency searched, Hz.
    pub f_high_hz: f64,
    /// How the fundamental frequency is found.
    pub pitch_method: PitchMethod,
    /// Whether voicedness is an input of the network.
    pub include_voicedness: bool,
    /// Which program's results to reproduce.
    pub compatibility: Compatibility,
}

impl AnalysisParams {
    /// Takes the fields from a document whose keys have each been checked, and checks that they fit
    /// each other.
    pub(super) fn from_document(document: &Map<String, Value>) -> Result<Self> {
        let whole = |key: &str| document.get(key).and_then(Value::as_u64).unwrap_or(0) as usize;
        let number = |key: &str| document.get(key).and_then(Value::as_f64).unwrap_or(0.0);
        let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or("");
        let n_fft = whole("n_fft");
        let params = Self {
            sample_rate: whole("sample_rate") as u32,
            hop_size: whole("hop_size"),
            window_size: whole("window_size"),
            n_fft,
            n_bins: match document.get("n_fft_preserved") {
                Some(Value::Null) | None => n_fft / 2 + 1,
                Some(_) => whole("n_fft_preserved"),
            },
            cycles_per_window: whole("cycles_per_window"),
            n_mfcc: whole("n_mfcc"),
            n_mel: whole("n_mel"),
            f_low_hz: number("f_low"),
            f_high_hz: number("f_high"),
            pitch_method: match text("pitch_detection_method") {
                "crepe" => PitchMethod::Crepe,
                "pyin" => PitchMethod::Pyin,
                _ => PitchMethod::Yin,
            },
            include_voicedness: document.get("include_voicedness") == Some(&Value::Bool(true)),
            compatibility: match text("compatibility") {
                "main" => Compatibility::Main,
                "dev" => Compatibility::Dev,
                _ => Compatibility::Own,
            },
        };
        params.check_sizes()?;
        params.check_pitch()?;
        Ok(params)
    }

    fn check_sizes(&self) -> Result<()> {
        if self.window_size > self.n_fft {
            return Err(Error::parameter(format!(
                "\"n_fft\" is {}, wanted at least \"window_size\", which is {}",
                self.n_fft, self.window_size
            )));
        }
        let all_bins = self.n_fft / 2 + 1;
        if self.n_bins > all_bins {
            return Err(Error::parameter(format!(
                "\"n_fft_preserved\" is {}, wanted at most n_fft / 2 + 1 = {all_bins} (or null for all)",
                self.n_bins
            )));
        }
        let bands =
            if self.compatibility == Compatibility::Main { LIBROSA_BANDS } else { self.n_mel };
        if self.n_mfcc > bands {
            return Err(Error::parameter(format!(
                "\"n_mfcc\" is {}, wanted at most the number of mel bands, {bands}",
                self.n_mfcc
            )));
        }
        Ok(())
    }

    fn check_pitch(&self) -> Result<()> {
        let (low_hz, high_hz, rate) = (self.f_low_hz, self.f_high_hz, f64::from(self.sample_rate));
        if low_hz >= high_hz {
            return Err(Error::parameter(format!(
                "\"f_low\" is {low_hz} Hz, wanted less than \"f_high\", which is {high_hz} Hz"
            )));
        }
        if high_hz > rate / 2.0 {
            return Err(Error::parameter(format!(
                "\"f_high\" is {high_hz} Hz, wanted at most half of \"sample_rate\", {} Hz",
                rate / 2.0
            )));
        }
        let compatible = self.compatibility != Compatibility::Own;
        if self.pitch_method == PitchMethod::Crepe {
            if compatible && self.sample_rate != 16_000 {
                return Err(Error::parameter(format!(
                    "\"sample_rate\" is {}, wanted 16000: with \"compatibility\" set, \"crepe\" \
                     works at 16000 Hz only",
                    self.sample_rate
                )));
            }
            return Ok(());
        }
        if self.pitch_method == PitchMethod::Yin && self.include_voicedness && compatible {
            return Err(Error::parameter(
                "\"pitch_detection_method\" is \"yin\", which with \"compatibility\" set gives no \
                 voicedness: set \"include_voicedness\" to false, or choose \"pyin\" or \"crepe\"",
            ));
        }
        // YIN compares the two halves of a frame, which must hold a period and its neighbours.
        let half = self.window_size - self.window_size / 2;
        if rate / high_hz + 2.0 > half as f64 {
            return Err(Error::parameter(format!(
                "\"window_size\" is {}, too short to find \"f_high\" = {high_hz} Hz at {} Hz: \
                 wanted at least {}",
                self.window_size,
                self.sample_rate,
                2 * (rate / high_hz + 2.0).ceil() as usize
            )));
        }
        Ok(())
    }
}
