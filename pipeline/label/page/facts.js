// What is said about a mask.

const MOST_DOUBT = 0.3; // as MOST_OUTLINE_DOUBT of pipeline/lesions/judge_quality.py

export const describeArea = (mask) => (mask.isEmpty ? 'no lesion' : `${mask.area.toLocaleString('en')} px of lesion`);

export function describeState(annotation) {
  if (annotation.polygon.length) return 'polygon not closed';
  if (annotation.isChanged) return annotation.saved ? 'changed since it was saved' : 'changed, not saved';
  if (annotation.saved) return 'saved';
  return annotation.prediction ? 'prediction, not saved' : 'nothing drawn';
}

export function listFacts({ width, height, mask, prediction }) {
  const { probability, doubt } = prediction ?? {};
  const isUnsure = doubt > MOST_DOUBT && !prediction.mask.isEmpty;
  return [
    ['Image', `${width} \u00d7 ${height} px`],
    ['Mask', describeArea(mask)],
    ['Predicted', prediction && describeArea(prediction.mask)],
    ['Probability', probability >= 0 && `${Math.round(probability * 100)} %`],
    ['Outline', doubt >= 0 && !prediction.mask.isEmpty && `${isUnsure ? 'unsure' : 'sure'} (doubt ${doubt.toFixed(2)})`],
  ];
}
