// What is said about a mask.

export const describeArea = (mask) => (mask.isEmpty ? 'no lesion' : `${mask.area.toLocaleString('en')} px of lesion`);

export function describeState(annotation) {
  if (annotation.polygon.length) return 'polygon not closed';
  if (annotation.isChanged) return annotation.saved ? 'changed since it was saved' : 'changed, not saved';
  if (annotation.saved) return 'saved';
  return annotation.prediction ? 'prediction, not saved' : 'nothing drawn';
}

export function listFacts({ width, height, mask, prediction }) {
  const { probability, uncertainty, quality, suppressed } = prediction ?? {};
  return [
    ['Image', `${width} \u00d7 ${height} px`],
    ['Mask', describeArea(mask)],
    ['Predicted', prediction && describeArea(prediction.mask)],
    ['Probability', probability >= 0 && `${Math.round(probability * 100)} %`],
    ['Boundary', uncertainty >= 0 && !prediction.mask.isEmpty && `uncertainty ${uncertainty.toFixed(2)}`],
    ['Quality', quality],
    ['Suppressed', suppressed >= 0 && `an outline of ${Math.round(suppressed * 100)} %, below the operating point`],
  ];
}
