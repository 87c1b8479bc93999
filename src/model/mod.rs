//! Networks that map timbral features to spectra, and the files they are kept in.
