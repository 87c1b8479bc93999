//! Computes the coefficients and spectra of frames whose pitch is known.

use super::cycles::Cutter;
use super::mel::{MelAnalyzer, MfccSettings, SegmentInput, WholeSegment};
use super::spectrum::{SpectrumAnalyzer, check_sizes};
use crate::params::AnalysisParams;
use crate::{Result, Watch};
use ndarray::{Array2, ArrayRef1, Axis};
use rayon::prelude::*;

/// Frames per parallel task; the frames of a task share its windows and buffers.
const FRAMES_PER_TASK: usize = 64;

/// Coefficients `(T, n_mfcc)` and spectra `(T, n_bins)` of the `T` frames from `first` on, given
/// their fundamentals.
pub(crate) fn describe(
    signal: &[f32],
    first: usize,
    f0_hz: &[f32],
    params: &AnalysisParams,
    watch: &Watch,
) -> Result<(Array2<f32>, Array2<f32>)> {
    let settings = params.mfcc_settings();
    settings.check()?;
    let cutter = Cutter::new(params.cycle_settings());
    let describer = Describer::new(cutter, settings, WholeSegment, params)?;
    describer.describe(signal, first, f0_hz, settings.n_mfcc, watch, |mel, row| mel.cepstrum(row))
}

/// Transforms and buffers with which one thread describes frames.
#[derive(Clone)]
pub(super) struct Describer<I> {
    cutter: Cutter,
    pub mel: MelAnalyzer<I>,
    spectrum: SpectrumAnalyzer,
    n_bins: usize,
}

impl<I: SegmentInput> Describer<I> {
    /// Prepares the buffers and transforms.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) if the parameters' `window_size`, `n_fft` and
    /// `n_bins` do not fit each other.
    pub fn new(
        cutter: Cutter,
        settings: MfccSettings,
        input: I,
        params: &AnalysisParams,
    ) -> Result<Self> {
        check_sizes(params.window_size, params.n_fft, params.n_bins)?;
        Ok(Self {
            cutter,
            mel: MelAnalyzer::new(settings, input),
            spectrum: SpectrumAnalyzer::new(params.window_size, params.n_fft),
            n_bins: params.n_bins,
        })
    }

    /// Describes the frames from `first` on, in parallel.
    ///
    /// Returns one row of `width` values per frame and the spectra, shape `(T, n_bins)`. `write`
    /// fills a frame's row after its mel band levels have been measured.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
    pub fn describe<T: Clone + Default + Send + Sync>(
        &self,
        signal: &[f32],
        first: usize,
        f0_hz: &[f32],
        width: usize,
        watch: &Watch,
        write: impl Fn(&mut MelAnalyzer<I>, &mut ArrayRef1<T>) + Sync,
    ) -> Result<(Array2<T>, Array2<f32>)> {
        let mut rows = Array2::from_elem((f0_hz.len(), width), T::default());
        let mut spectra = Array2::zeros((f0_hz.len(), self.n_bins));
        f0_hz
            .par_chunks(FRAMES_PER_TASK)
            .zip(rows.axis_chunks_iter_mut(Axis(0), FRAMES_PER_TASK))
            .zip(spectra.axis_chunks_iter_mut(Axis(0), FRAMES_PER_TASK))
            .enumerate()
            .map_init(
                || self.clone(),
                |thread, (task, ((f0_hz, mut rows), mut spectra))| {
                    watch.check()?;
                    let frames = f0_hz.iter().zip(rows.rows_mut()).zip(spectra.rows_mut());
                    for (offset, ((&f0, mut row), mut spectrum)) in frames.enumerate() {
                        let index = first + task * FRAMES_PER_TASK + offset;
                        thread.frame(signal, index, f0, &mut spectrum);
                        write(&mut thread.mel, &mut row);
                    }
                    watch.advance(f0_hz.len());
                    Ok(())
                },
            )
            .collect::<Result<()>>()?;
        Ok((rows, spectra))
    }

    /// Measures the band levels of one frame and writes its spectrum.
    fn frame(&mut self, signal: &[f32], index: usize, f0_hz: f32, spectrum: &mut ArrayRef1<f32>) {
        self.cutter.cut(signal, index, f0_hz);
        self.mel.measure(&self.cutter.segment);
        self.cutter.stretch(signal, index, f0_hz);
        self.spectrum.log1p_magnitude(&self.cutter.cycle_frame, spectrum);
    }
}
