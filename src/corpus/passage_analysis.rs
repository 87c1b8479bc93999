//! The analysis of one recording, passage by passage.

use super::passages::{Passage, PassageLayout, Passages};
use super::source::Source;
use crate::analysis::pitch::{PitchTrack, PitchTracker, first_pitch, hold_pitch, tracker};
use crate::analysis::{Features, describe};
use crate::params::AnalysisParams;
use crate::{Result, Watch};
use rayon::prelude::*;

/// What is known of a recording after its analysis.
pub(super) struct Analyzed {
    /// Its number of samples at the parameters' rate.
    pub samples: usize,
    /// What is to be said about it, each in one line without its name.
    pub warnings: Vec<String>,
}

/// Receives the features of the next frames of a recording.
type Sink<'a> = dyn FnMut(&Features) -> Result<()> + Send + 'a;

/// Analyses a recording and hands its frames to `sink`, in order.
///
/// `passages_at_once` passages are held in memory and analysed together; this affects speed and
/// memory, not the result. `open` opens the recording at its beginning. It is called a second time
/// if the recording begins without a pitch.
///
/// # Errors
/// Those of `open` and `sink`; [`Error::Parameter`](crate::Error::Parameter) if the parameters do
/// not permit an analysis or the recording is empty;
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub(super) fn analyze_recording<'a>(
    open: &(dyn Fn() -> Result<Source<'a>> + Sync),
    params: &AnalysisParams,
    passages_at_once: usize,
    watch: &Watch,
    sink: &mut Sink,
) -> Result<Analyzed> {
    let (layout, tracker) = (PassageLayout::of(params), tracker(params));
    let mut passages = Passages::new(open()?, layout);
    // The last pitch found; following frames without a pitch take it.
    let mut held: Option<f32> = None;
    // Frames before the first pitch will take that pitch, so they wait until it is known.
    let mut waiting: Vec<PitchTrack> = Vec::new();
    let mut group = passages.take_up_to(passages_at_once)?;
    while !group.is_empty() {
        let (tracks, next) = rayon::join(
            || {
                let tracks = group.par_iter().map(|passage| track(passage, &*tracker, watch));
                tracks.collect::<Result<Vec<_>>>()
            },
            || passages.take_up_to(passages_at_once),
        );
        let mut tracks = tracks?;
        held = held.or_else(|| tracks.iter().find_map(|track| first_pitch(&track.f0_hz)));
        if let Some(held) = &mut held {
            for track in waiting.iter_mut().chain(&mut tracks) {
                hold_pitch(&mut track.f0_hz, held);
            }
            describe_from_the_start(
                open,
                layout,
                std::mem::take(&mut waiting),
                params,
                watch,
                sink,
            )?;
            let described: Result<Vec<Features>> = group
                .par_iter()
                .zip(tracks)
                .map(|(passage, track)| features(passage, track, params, watch))
                .collect();
            for features in described? {
                sink(&features)?;
            }
        } else {
            waiting.extend(tracks);
        }
        group = next?;
    }
    // If any are still waiting, the whole recording has no pitch.
    describe_from_the_start(open, layout, waiting, params, watch, sink)?;
    Ok(Analyzed { samples: passages.samples_read(), warnings: passages.take_warnings() })
}

/// Pitch of a passage's frames; 0 Hz for a frame without a pitch.
fn track(passage: &Passage, tracker: &dyn PitchTracker, watch: &Watch) -> Result<PitchTrack> {
    watch.check()?;
    let mut track = tracker.track(&passage.samples, passage.first, watch)?;
    for values in [&mut track.f0_hz, &mut track.voicedness] {
        values.truncate(passage.lead + passage.frames);
        values.drain(..passage.lead);
    }
    Ok(track)
}

/// The features of a passage whose pitch is known.
fn features(
    passage: &Passage,
    track: PitchTrack,
    params: &AnalysisParams,
    watch: &Watch,
) -> Result<Features> {
    let (mfcc, spectrum) = describe(&passage.samples, passage.lead, &track.f0_hz, params, watch)?;
    watch.advance_bytes(passage.bytes);
    Ok(Features::new(track, mfcc, spectrum))
}

/// Reads a recording again from its beginning and describes its first passages, whose pitch is now
/// known.
fn describe_from_the_start<'a>(
    open: &(dyn Fn() -> Result<Source<'a>> + Sync),
    layout: PassageLayout,
    tracks: Vec<PitchTrack>,
    params: &AnalysisParams,
    watch: &Watch,
    sink: &mut Sink,
) -> Result<()> {
    if tracks.is_empty() {
        return Ok(());
    }
    let mut passages = Passages::new(open()?, layout);
    for track in tracks {
        let passage = passages.reread(track.f0_hz.len())?;
        sink(&features(&passage, track, params, watch)?)?;
    }
    Ok(())
}
