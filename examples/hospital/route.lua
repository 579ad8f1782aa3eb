-- Send what an archive gets to the node, but for results, which come from there.
function OnStoredInstance(instance, tags, metadata, origin)
  if tags['Modality'] ~= 'SEG' and tags['Modality'] ~= 'SR' then
    SendToModality(instance, 'node')
  end
end
