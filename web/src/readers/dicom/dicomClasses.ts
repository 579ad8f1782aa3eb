/** Which DICOM objects are taken for ultrasound images; see `dicom_classes.py`. */

import type { DataSet } from 'dicom-parser';

import { ReadError, SkippedError } from '../errors';
import { readText } from './readValues';

const ROOT = '1.2.840.10008.5.1.4.1.1.';
const ULTRASOUND_CLASSES = ['6.1', '3.1', '6', '3', '7', '7.1', '7.2', '7.3', '7.4'];
const OTHER_MODALITIES = new Set(
  `AR BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DX ECG EEG EMG EOG EPS ES GM HC HD IO IOL IVOCT IVUS
   KER LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS PA POS PT PX RESP RF RG RTIMAGE
   SM SMR SRF STAIN TEXTUREMAP TG VA XA XAPROTOCOL XC
   ANN ASMT AU DOC FID KO PLAN PR REG RTDOSE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV
   SEG SR AS CF CP CS DF DM DS FA FS LP MA MS OPR ST VF`.split(/\s+/),
);
const OWN_MANUFACTURER = 'breast-us-seg';

/** Check *SOP Class UID* (0008,0016) and *Modality* (0008,0060). */
export function checkClass(dataSet: DataSet): void {
  const uid = readText(dataSet, 'x00080016');
  if (!ULTRASOUND_CLASSES.some((end) => uid === ROOT + end)) {
    if (!/^[0-9.]{5,64}$/.test(uid)) {
      throw new ReadError('expected one SOPClassUID (0008,0016), got none or a damaged one');
    }
    throw new SkippedError('not an ultrasound image: a DICOM object of another class');
  }
  const modality = readText(dataSet, 'x00080060').toUpperCase();
  if (OTHER_MODALITIES.has(modality)) {
    throw new SkippedError(`not an ultrasound image: its Modality (0008,0060) is ${modality}`);
  }
  if (readText(dataSet, 'x00080070') === OWN_MANUFACTURER) {
    throw new SkippedError('not an ultrasound image: it is a result of this program');
  }
}
