-- Takes the picture register away again. The files on disk are not touched.

DROP TABLE photos;
