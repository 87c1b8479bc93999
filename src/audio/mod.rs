//! Reading and resampling audio.
