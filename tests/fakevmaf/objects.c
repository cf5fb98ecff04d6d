/* Feature dictionaries and models. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DICTIONARY 0x64696374u
#define MODEL 0x6d6f646cu

struct VmafFeatureDictionary {
    unsigned kind;
    int id;
    gain_limits limits;
};

struct VmafModel {
    unsigned kind;
    int id;
    gain_limits limits;
};

/* ---- dictionaries -----------------------------------------------------------------------------*/

bool dictionary_alive(const VmafFeatureDictionary *dictionary)
{
    return dictionary != NULL && dictionary != POISON && dictionary->kind == DICTIONARY;
}

gain_limits dictionary_limits(const VmafFeatureDictionary *dictionary)
{
    return dictionary_alive(dictionary) ? dictionary->limits : (gain_limits){"", ""};
}

int dictionary_id(const VmafFeatureDictionary *dictionary)
{
    return dictionary_alive(dictionary) ? dictionary->id : 0;
}

/* Its owner is done with it. */
void dictionary_end(VmafFeatureDictionary *dictionary)
{
    dictionary->kind = 0;
    bury(dictionary);
    live.dictionaries--;
}

int vmaf_feature_dictionary_set(VmafFeatureDictionary **out, const char *key, const char *value)
{
    const int failure = enter("vmaf_feature_dictionary_set", "dictionary=%d, key=%s, value=%s",
                              dictionary_id(*out), key, value);
    if (failure) {
        return leave(failure);
    }
    if (*out != NULL && !dictionary_alive(*out)) {
        violation("vmaf_feature_dictionary_set: a dictionary that is gone");
        return leave(-EINVAL);
    }
    if (*out == NULL) {
        VmafFeatureDictionary *made = calloc(1, sizeof *made);
        *made = (VmafFeatureDictionary){.kind = DICTIONARY, .id = next_id()};
        live.dictionaries++;
        *out = made;
    }
    gain_limits *limits = &(*out)->limits;
    if (strcmp(key, "adm_enhn_gain_limit") == 0) {
        snprintf(limits->adm, sizeof limits->adm, "%g", atof(value));
    } else if (strcmp(key, "vif_enhn_gain_limit") == 0) {
        snprintf(limits->vif, sizeof limits->vif, "%g", atof(value));
    }
    return leave(0);
}

int vmaf_feature_dictionary_free(VmafFeatureDictionary **dictionary)
{
    const int failure =
        enter("vmaf_feature_dictionary_free", "dictionary=%d", dictionary_id(*dictionary));
    if (!dictionary_alive(*dictionary)) {
        violation("vmaf_feature_dictionary_free: a dictionary that is gone");
        return leave(-EINVAL);
    }
    if (failure) {
        return leave(failure);
    }
    dictionary_end(*dictionary);
    *dictionary = NULL;
    return leave(0);
}

/* ---- models -----------------------------------------------------------------------------------*/

bool model_alive(const VmafModel *model)
{
    return model != NULL && model != POISON && model->kind == MODEL;
}

gain_limits model_limits(const VmafModel *model) { return model->limits; }

int model_id(const VmafModel *model) { return model_alive(model) ? model->id : 0; }

static void make_model(VmafModel **out, bool neg)
{
    VmafModel *made = calloc(1, sizeof *made);
    *made = (VmafModel){.kind = MODEL, .id = next_id()};
    if (neg) {
        made->limits = (gain_limits){"1", "1"};
    }
    live.models++;
    *out = made;
}

int vmaf_model_load(VmafModel **out, VmafModelConfig *configuration, const char *version)
{
    static const char *const known[] = {"vmaf_v0.6.1", "vmaf_4k_v0.6.1", "vmaf_v0.6.1neg",
                                        "vmaf_4k_v0.6.1neg"};
    const int failure = enter("vmaf_model_load", "version=%s", version);
    *out = POISON;
    if (configuration == NULL) {
        violation("vmaf_model_load: no configuration");
        return leave(-EINVAL);
    }
    for (size_t i = 0; !failure && i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i], version) == 0) {
            make_model(out, strstr(version, "neg") != NULL);
            return leave(0);
        }
    }
    return leave(failure ? failure : -EINVAL);
}

int vmaf_model_load_from_path(VmafModel **out, VmafModelConfig *configuration, const char *path)
{
    const int failure = enter("vmaf_model_load_from_path", "path=%s", path);
    *out = POISON;
    FILE *file = configuration == NULL ? NULL : fopen(path, "rb");
    const int first = file == NULL ? EOF : fgetc(file);
    if (file != NULL) {
        fclose(file);
    }
    if (failure || first != '{') {
        return leave(failure ? failure : -EINVAL);
    }
    make_model(out, false);
    return leave(0);
}

int vmaf_model_feature_overload(VmafModel *model, const char *feature,
                                VmafFeatureDictionary *dictionary)
{
    const int failure = enter("vmaf_model_feature_overload", "model=%d, feature=%s, dictionary=%d",
                              model_id(model), feature, dictionary_id(dictionary));
    if (failure) {
        return leave(failure);
    }
    if (!model_alive(model) || !dictionary_alive(dictionary)) {
        violation("vmaf_model_feature_overload: a model or dictionary that is gone");
        return leave(-EINVAL);
    }
    if (dictionary->limits.adm[0] != 0) {
        strcpy(model->limits.adm, dictionary->limits.adm);
    }
    if (dictionary->limits.vif[0] != 0) {
        strcpy(model->limits.vif, dictionary->limits.vif);
    }
    dictionary_end(dictionary);
    return leave(0);
}

void vmaf_model_destroy(VmafModel *model)
{
    enter("vmaf_model_destroy", "model=%d", model_id(model));
    if (model_alive(model)) {
        model->kind = 0;
        bury(model);
        live.models--;
    } else if (model != NULL) {
        violation("vmaf_model_destroy: a model that is gone");
    }
    leave(0);
}
